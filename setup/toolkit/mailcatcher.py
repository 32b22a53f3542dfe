"""A mail server that delivers nothing, with a page to read what was sent.

Started as ``python -m toolkit.mailcatcher SMTP_PORT HTTP_PORT`` in the virtual
environment. It listens on loopback only and forgets everything when it stops.
"""

import email
import email.policy
import html
import json
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1f2933;
  background: #f5f7fa }}
main {{ max-width: 60rem; margin: 0 auto; padding: 1.5rem }}
h1 {{ font-size: 1.4rem }}
a {{ color: #0b5cad }}
table {{ width: 100%; border-collapse: collapse; background: #fff }}
td, th {{ text-align: left; padding: .6rem .8rem; border-bottom: 1px solid #e4e7eb }}
iframe {{ width: 100%; height: 34rem; border: 1px solid #e4e7eb; background: #fff }}
dt {{ color: #616e7c; float: left; width: 6rem }} dd {{ margin: 0 0 .2rem 6rem }}
</style></head><body><main>{body}</main></body></html>"""


class Inbox:
    """What was received, newest last."""

    def __init__(self):
        self.messages = []
        self.lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        """Keep a message; aiosmtpd calls this for every one."""
        message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        with self.lock:
            self.messages.append(
                {
                    "id": len(self.messages) + 1,
                    "received": datetime.now(timezone.utc).isoformat(
                        timespec="seconds"
                    ),
                    "recipients": list(envelope.rcpt_tos),
                    "message": message,
                }
            )
        return "250 kept"


def describe(entry):
    """Return a message as plain data: headers, both bodies, attachment names."""
    message = entry["message"]
    bodies = {}
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        bodies[kind] = part.get_content() if part else ""
    return {
        "id": entry["id"],
        "received": entry["received"],
        "recipients": entry["recipients"],
        "from": str(message["From"]),
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "attachments": [part.get_filename() for part in message.iter_attachments()],
        **bodies,
    }


def answer(messages, parts):
    """Return content type and bytes of a page.

    :param list messages: what was received
    :param list parts: the address split at its slashes
    :raise IndexError: there is no such mail or attachment
    :raise ValueError: the address is none of ours
    """
    if parts == ["messages.json"]:
        data = [describe(entry) for entry in messages]
        return "application/json", json.dumps(data).encode()
    if parts == ["favicon.ico"]:
        return "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    if not parts:
        return "text/html; charset=utf-8", _list(messages).encode()
    number = int(parts[0])
    if number < 1:
        raise ValueError
    entry = messages[number - 1]
    if parts[1:] == ["html"]:
        return "text/html; charset=utf-8", describe(entry)["html"].encode()
    if parts[1:2] == ["attachment"]:
        part = list(entry["message"].iter_attachments())[int(parts[2])]
        return part.get_content_type(), part.get_payload(decode=True)
    return "text/html; charset=utf-8", _one(entry).encode()


def handler(inbox):
    """Return a request handler class for this inbox."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            """Serve the list, one mail, its HTML, an attachment, or all as JSON."""
            parts = [part for part in self.path.split("?")[0].split("/") if part]
            with inbox.lock:
                messages = list(inbox.messages)
            try:
                kind, content = answer(messages, parts)
            except (IndexError, ValueError):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Say nothing: the console belongs to Odoo."""

    return Handler


def _list(messages):
    rows = "".join(
        f"<tr><td>{html.escape(data['received'][11:19])}</td>"
        f"<td>{html.escape(data['to'])}</td>"
        f"<td><a href='/{data['id']}'>{html.escape(data['subject'])}</a></td></tr>"
        for data in map(describe, reversed(messages))
    )
    empty = "<p>Nothing yet. Share a bill, and it will show up here.</p>"
    table = f"<table><tr><th>UTC</th><th>To</th><th>Subject</th></tr>{rows}</table>"
    return PAGE.format(
        title="Mails", body="<h1>Mails of the demo</h1>" + (table if rows else empty)
    )


def _one(entry):
    data = describe(entry)
    fields = "".join(
        f"<dt>{name}</dt><dd>{html.escape(data[name.lower()])}</dd>"
        for name in ("From", "To", "Subject")
    )
    files = " ".join(
        f"<a href='/{data['id']}/attachment/{index}'>{html.escape(name or 'file')}</a>"
        for index, name in enumerate(data["attachments"])
    )
    body = (
        f"<p><a href='/'>All mails</a></p><h1>{html.escape(data['subject'])}</h1>"
        f"<dl>{fields}<dt>Files</dt><dd>{files or 'none'}</dd></dl>"
        f"<iframe sandbox='' title='Mail' src='/{data['id']}/html'></iframe>"
    )
    return PAGE.format(title=html.escape(data["subject"]), body=body)


def main():
    """Run both servers until the process is ended."""
    smtp_port, http_port = (int(value) for value in sys.argv[1:3])
    inbox = Inbox()
    Controller(inbox, hostname="127.0.0.1", port=smtp_port).start()
    server = ThreadingHTTPServer(("127.0.0.1", http_port), handler(inbox))
    server.serve_forever()


if __name__ == "__main__":
    main()
