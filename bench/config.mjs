// The configuration: one text for both proxies, with logging, limits and timers on as in production.

const CAPABILITIES = {
  imap: 'imap_capabilities IMAP4rev1 UIDPLUS IDLE;\n    imap_client_buffer 4k;',
  pop3: 'pop3_capabilities TOP USER UIDL;',
  smtp: 'smtp_capabilities "SIZE 52428800" 8BITMIME;\n    smtp_client_buffer 4k;',
};

// The versions are named because they are no default of older nginx.
function tlsLines(certificate) {
  return `
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${certificate};
    ssl_certificate_key ${certificate};
`;
}

/** The address of server number `index`: the load generator counts the same way from 127.0.0.1. */
function address(index) {
  const number = index + 1;
  return `127.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

function serverBlock({ protocol, name }, index, listen) {
  return `
    server {
        listen ${address(index)}:${listen};
        protocol ${protocol};
        server_name ${name}${index}.example;
    }
`;
}

/**
 * nginx.conf of a mail proxy. Paths are relative to the prefix (-p).
 * @param {object} what
 * @param {'imap' | 'pop3' | 'smtp'} what.protocol
 * @param {number} what.port the same for all servers
 * @param {number} what.authPort
 * @param {number} [what.servers] server blocks, each with an address of its own
 * @param {string} [what.certificate] PEM file with certificate and key: the servers speak TLS
 * @param {number} [what.workers] worker processes
 * @param {string} [what.name] what the names of the servers begin with
 */
export function configuration(what) {
  const { protocol, port, authPort, servers = 1, certificate, workers = 1, name = 'bench' } = what;
  const listen = certificate === undefined ? `${port}` : `${port} ssl`;
  const block = (_, index) => serverBlock({ protocol, name }, index, listen);
  const blocks = Array.from({ length: servers }, block);
  return `worker_processes ${workers};
error_log error.log info;
pid proxy.pid;

events {
    worker_connections 20000;
}

mail {
    auth_http 127.0.0.1:${authPort}/auth;
    auth_http_timeout 10s;
    timeout 60s;
    proxy_timeout 1h;
    max_errors 5;
    ${CAPABILITIES[protocol]}
${certificate === undefined ? '' : tlsLines(certificate)}${blocks.join('')}}
`;
}
