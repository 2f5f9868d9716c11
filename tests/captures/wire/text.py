"""HTTP/1.1 messages, mails and command lines as bytes.

In: start lines, headers and bodies.  Out: octets with CRLF line ends.  Always holds: a body's length is
stated, by Content-Length or by chunks (RFC 9112 section 6).
"""

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) ExampleBrowser/1.0"


def lines(*texts: str) -> bytes:
    return "".join(text + "\r\n" for text in texts).encode()


def request(method: str, target: str, host: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP request; further headers are given as whole lines."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = lines(f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, *length, "")
    return head + body


def response(status: str, content_type: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP response with Content-Length; without a content type it carries no body's type."""
    kind = [f"Content-Type: {content_type}"] if content_type else []
    return (
        lines(f"HTTP/1.1 {status}", "Server: nginx", *kind, *headers, f"Content-Length: {len(body)}", "")
        + body
    )


def chunked(status: str, content_type: str, *chunks: bytes) -> bytes:
    """An HTTP response whose body comes in chunks."""
    head = lines(
        f"HTTP/1.1 {status}",
        "Server: nginx",
        f"Content-Type: {content_type}",
        "Transfer-Encoding: chunked",
        "",
    )
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head + body + b"0\r\n\r\n"


def mail(sender: str, recipient: str, subject: str, body_lines: list[str], *headers: str) -> bytes:
    """A message as SMTP carries it: headers, empty line, body with dots stuffed (RFC 5321 section 4.5.2)."""
    head = [
        f"From: <{sender}>",
        f"To: <{recipient}>",
        f"Subject: {subject}",
        "Date: Thu, 15 Aug 2024 16:02:11 +0000",
        f"Message-ID: <{len(subject)}.{len(body_lines)}@{sender.partition('@')[2]}>",
        "MIME-Version: 1.0",
        *headers,
    ]
    stuffed = ["." + line if line.startswith(".") else line for line in body_lines]
    return lines(*head, "", *stuffed)
