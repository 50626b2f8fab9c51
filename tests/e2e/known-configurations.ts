/** Configurations that are in use out there, as texts. */
import type { CertificateFiles } from '@postern/testkit';

/** The mail example of nginx's documentation, as it stands. */
export const documentationExample = `
worker_processes 1;

error_log /var/log/nginx/error.log info;

events {
    worker_connections 1024;
}

mail {
    server_name       mail.example.com;
    auth_http         localhost:9000/cgi-bin/nginxauth.cgi;

    imap_capabilities IMAP4rev1 UIDPLUS IDLE LITERAL+ QUOTA;

    pop3_auth         plain apop cram-md5;
    pop3_capabilities LAST TOP USER PIPELINING UIDL;

    smtp_auth         login plain cram-md5;
    smtp_capabilities "SIZE 10485760" ENHANCEDSTATUSCODES 8BITMIME DSN;
    xclient           off;

    server {
        listen   25;
        protocol smtp;
    }
    server {
        listen   110;
        protocol pop3;
        proxy_pass_error_message on;
    }
    server {
        listen   143;
        protocol imap;
    }
    server {
        listen   587;
        protocol smtp;
    }
}
`;

/** What a front of the kind needs to know of the rest of its installation. */
export interface SuiteOptions {
  readonly authPort: number;
  readonly dnsPort: number;
  readonly certificate: CertificateFiles;
}

/** A server of {@link mailServerSuite}: each tells the auth service its port. */
const suiteServer = (port: number, protocol: string, more: string, parameters = ''): string => `
    server {
        listen ${String(port)}${parameters};
        listen [::]:${String(port)}${parameters};
        protocol ${protocol};
        ${more}
        auth_http_header Auth-Port ${String(port)};
    }`;

/**
 * A front of the shape that Mailu of 2023 generates: nine servers, two of them for a webmail on the same host, mail of
 * others on port 25 without a login, STARTTLS or TLS for everyone else.
 */
export const mailServerSuite = ({ authPort, dnsPort, certificate }: SuiteOptions): string => `
worker_processes 1;
error_log logs/error.log info;
events {
    worker_connections 1024;
}
mail {
    server_name mail.example.com;
    auth_http http://127.0.0.1:${String(authPort)}/auth/email;
    proxy_pass_error_message on;
    resolver 127.0.0.1:${String(dnsPort)} ipv6=off valid=30s;

    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_session_cache shared:SSLMAIL:3m;

    smtp_capabilities PIPELINING "SIZE 50000000" ETRN ENHANCEDSTATUSCODES 8BITMIME DSN;
    pop3_capabilities TOP UIDL RESP-CODES PIPELINING AUTH-RESP-CODE USER;
    imap_capabilities IMAP4 IMAP4rev1 UIDPLUS SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+;
${[
  suiteServer(10_025, 'smtp', 'smtp_auth plain;'),
  suiteServer(10_143, 'imap', 'smtp_auth plain;'),
  suiteServer(25, 'smtp', 'starttls on; smtp_auth none;'),
  suiteServer(143, 'imap', 'starttls only; imap_auth plain;'),
  suiteServer(110, 'pop3', 'starttls only; pop3_auth plain;'),
  suiteServer(587, 'smtp', 'starttls only; smtp_auth plain login;'),
  suiteServer(465, 'smtp', 'smtp_auth plain login;', ' ssl'),
  suiteServer(993, 'imap', 'imap_auth plain;', ' ssl'),
  suiteServer(995, 'pop3', 'pop3_auth plain;', ' ssl'),
].join('')}
}
`;
