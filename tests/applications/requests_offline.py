"""requests without a network: sessions, hooks, cookies, redirects and encodings against adapters of our own."""
# test: needs=requests timeout=120
import datetime
import io

import requests
from requests import adapters, auth, cookies, structures, utils
from requests.models import PreparedRequest, Request, Response


class Adapter(adapters.BaseAdapter):
    """Answers like a small server."""

    def send(self, request, **options):
        response = Response()
        response.request, response.url, response.status_code = request, request.url, 200
        response.elapsed = datetime.timedelta(0)
        path = request.path_url
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        if path.startswith("/redirect/"):
            left = int(path.rsplit("/", 1)[1])
            response.status_code = 302 if left % 2 else 307
            response.headers["Location"] = f"/redirect/{left - 1}" if left else "/end?q=1#fragment"
        elif path.startswith("/json"):
            response.headers["Content-Type"] = "application/json"
            body = b'{"path": "%s", "numbers": [1, 2.5, null]}' % path.encode()
        elif path.startswith("/status/"):
            response.status_code = int(path[8:11])
            response.reason = "Reason"
        elif path.startswith("/cookie"):
            response.headers["Set-Cookie"] = "a=b"
            response.cookies.set("name", "value", domain="example.org", path="/")
            body = request.headers.get("Cookie", "none").encode()
        elif path.startswith("/latin"):
            response.headers["Content-Type"] = "text/plain; charset=latin-1"
            response.encoding, body = "latin-1", "é".encode("latin-1")
        else:
            body = " ".join([request.method, path, *(f"{k}={v}" for k, v in sorted(request.headers.items()) if k != "User-Agent")]).encode() + b"|" + body
        response.raw = io.BytesIO(body)
        return response

    def close(self):
        pass


def prepared(**arguments):
    request = Request(**arguments).prepare()
    return request.method, request.url, dict(request.headers), request.body


session = requests.Session()
session.mount("http://", Adapter())
session.headers["X-Session"] = "s"
session.auth = ("user", "pässword".encode())
hooked = []
session.hooks["response"].append(lambda response, **kw: hooked.append(response.status_code))
seen = set()
for i in range(80):
    for method, url, arguments in (
            ("get", "http://example.org/echo", {"params": {"a": [1, 2], "b": "é &"}}), ("post", "http://example.org/", {"data": {"k": "v", "l": ["1", "2"]}}),
            ("put", "http://example.org/x y/%41?z", {"json": {"a": [None, True]}, "headers": {"X-Session": None}}),
            ("get", f"http://example.org/redirect/{i % 4}", {}), ("get", "http://example.org/json/%20", {}),
            ("post", "http://example.org/cookie", {"data": b"bytes"}), ("get", "http://example.org/latin", {}),
            ("get", "http://bücher.example/", {"headers": {"accept": "x"}})):
        response = session.request(method, url, **arguments)
        seen.add((url, response.text, response.url, len(response.history), response.ok, str(response.apparent_encoding)))
for row in sorted(seen):
    print(row)
print(len(hooked), sorted(set(hooked)), session.cookies.get_dict())
print(session.get("http://example.org/json").json(), list(session.get("http://example.org/json").iter_lines(chunk_size=7)))
for status in (404, 503, 200):
    try:
        session.get(f"http://example.org/status/{status}").raise_for_status()
        print("fine")
    except requests.HTTPError as error:
        print(error, error.response.status_code)
for url in ("example.org", "http://", "http://*.x/", "ftp://x/", "http://example.org/redirect/50"):
    try:
        session.get(url)
    except requests.RequestException as error:
        print(type(error).__name__, error)
print(prepared(method="post", url="http://h/p", files={"f": ("n.txt", b"data", "text/plain", {"X": "1"})}, data={"a": "b"})[1:3][0])
print(prepared(method="GET", url="HTTP://Example.ORG:80/a/../b;p?q=1#f", params=[("x", "1"), ("x", "2")], cookies={"c": "d"}))
headers = structures.CaseInsensitiveDict({"Content-Type": "a", "X-B": "c"})
headers["content-type"] = "d"
print(dict(headers), headers == {"CONTENT-TYPE": "d", "x-b": "c"}, list(headers.lower_items()))
print(utils.parse_header_links('<http://x/?p=2>; rel=next; type="t", <y>; rel="last"'), utils.requote_uri("http://x/ %41%zz"), utils.get_encoding_from_headers(headers))
print(auth._basic_auth_str("a", "b"), utils.parse_dict_header('a="1", b=2'), utils.super_len(io.BytesIO(b"12345")), utils.guess_json_utf("{}".encode("utf-16")))
print(utils.select_proxy("http://a.b/c", {"http": "p", "http://a.b": "q"}), utils.should_bypass_proxies("http://10.0.0.1/", "10.0.0.0/8"))
jar = cookies.cookiejar_from_dict({"x": "y"})
jar.set("z", "w", domain="d", path="/p")
print(sorted((c.name, c.value, c.domain) for c in jar), jar.get_dict("d"))
