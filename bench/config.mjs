// The configuration: one text for both proxies, with logging, limits and timers on as in production.

/**
 * nginx.conf of a mail proxy. Paths are relative to the prefix (-p).
 * @param {{ port: number, authPort: number }} ports
 */
export function configuration({ port, authPort }) {
  return `worker_processes 1;
error_log error.log info;
pid proxy.pid;

events {
    worker_connections 20000;
}

mail {
    server_name bench.example;
    auth_http 127.0.0.1:${authPort}/auth;
    auth_http_timeout 10s;
    timeout 60s;
    proxy_timeout 1h;
    max_errors 5;
    imap_capabilities IMAP4rev1 UIDPLUS IDLE;
    imap_client_buffer 4k;

    server {
        listen 127.0.0.1:${port};
        protocol imap;
    }
}
`;
}
