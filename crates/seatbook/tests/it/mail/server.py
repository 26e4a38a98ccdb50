"""A mail server for the tests: it takes mails as the addresses ask it to, and tells of each in one line of JSON.

    python3 server.py PORT [PASSWORD [CERTIFICATE]]

Port 0 chooses one; the first line says which. It ends with its standard input. With a
password, `seatbook` must sign in with it; with a certificate, only over TLS that STARTTLS begins.

    nobody@…  is refused for good          busy@…  is put off the first time
    cut@…     is taken, and the line cut before the answer, the first time
"""

import asyncio
import base64
import email
import email.policy
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult


class Desk:
    def __init__(self):
        self.known = set()

    def is_first(self, address):
        first = address not in self.known
        self.known.add(address)
        return first

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 There is nobody here of that name"
        if address.startswith("busy@") and self.is_first(address):
            return "451 4.7.1 Come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps(told(envelope)), flush=True)
        cut = [address for address in envelope.rcpt_tos if address.startswith("cut@")]
        if cut and self.is_first(cut[0]):
            server.transport.abort()
        return "250 2.0.0 Taken as number 42"


def told(envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    body = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    files = [
        {
            "name": part.get_filename(),
            "type": part.get_content_type(),
            "content": base64.b64encode(part.get_payload(decode=True)).decode(),
        }
        for part in message.iter_attachments()
    ]
    return {
        "envelope_from": envelope.mail_from,
        "envelope_to": envelope.rcpt_tos,
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": body["plain"] and body["plain"].get_content(),
        "html": body["html"] and body["html"].get_content(),
        "attachments": files,
    }


def authenticator(password):
    def check(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (b"seatbook", password.encode())
        return AuthResult(success=good, handled=False)

    return check


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


async def main():
    threading.Thread(target=end_with_the_test, daemon=True).start()
    port, password = int(sys.argv[1]), (sys.argv[2:] or [None])[0]
    desk, loop = Desk(), asyncio.get_running_loop()
    closed = dict(authenticator=authenticator(password), auth_required=True, auth_require_tls=False)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        closed.update(tls_context=context, require_starttls=True, auth_require_tls=True)

    def line():
        return SMTP(desk, hostname="post.example", **(closed if password else {}))

    server = await loop.create_server(line, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
