"""Flask and Werkzeug: routing, context locals, sessions, blueprints, errors and signals through the test client."""
# test: needs=flask timeout=120
import io

from flask import (Blueprint, Flask, Response, abort, current_app, flash, g, get_flashed_messages, jsonify, make_response, redirect,
                   render_template_string, request, session, stream_with_context, url_for)
from werkzeug.routing import BaseConverter

app = Flask("site")
app.config.update(SECRET_KEY="not secret", TESTING=True, PROPAGATE_EXCEPTIONS=False)
api = Blueprint("api", "api", url_prefix="/api")
items = {i: {"id": i, "name": f"item {i}", "price": i * 1.5} for i in range(30)}
log = []


class ListConverter(BaseConverter):
    def to_python(self, value):
        return value.split("+")

    def to_url(self, values):
        return "+".join(str(value) for value in values)


app.url_map.converters["list"] = ListConverter


@app.before_request
def before():
    g.user = session.get("user")
    g.steps = ["before"]


@app.after_request
def after(response):
    response.headers["X-Steps"] = ",".join(g.steps)
    return response


@app.teardown_request
def teardown(error):
    log.append(type(error).__name__)


@app.route("/")
def index():
    return render_template_string("{% for item in items %}{{ loop.index }} {{ item.name|upper }} {{ url_for('api.item', number=item.id) }}\n{% endfor %}"
                                  "{{ g.user }} {{ get_flashed_messages() }}", items=list(items.values())[:5])


@app.route("/login", methods=["POST"])
def login():
    session["user"] = request.form["name"]
    session.setdefault("visits", []).append(len(request.form))
    flash(f"hello {request.form['name']}")
    return redirect(url_for("index"))


@app.route("/tags/<list:names>")
def tags(names):
    return jsonify(names=names, back=url_for("tags", names=names + ["x"]))


@app.route("/stream")
def stream():
    def produce():
        for i in range(20):
            yield f"{i}:{request.args.get('q')};"

    return Response(stream_with_context(produce()), mimetype="text/plain")


@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    return f"{file.filename} {len(file.read())} {sorted(request.form.items())}"


@app.route("/error")
def error():
    return str({}["missing"])


@api.route("/items/<int:number>", methods=["GET", "PUT", "DELETE"])
def item(number):
    if number not in items:
        abort(404, description=f"no item {number}")
    if request.method == "PUT":
        items[number].update(request.get_json())
    elif request.method == "DELETE":
        return make_response(jsonify(items.pop(number)), 202)
    return items[number]


@api.errorhandler(404)
def not_found(error):
    return {"error": error.description}, 404


@app.errorhandler(KeyError)
def key_error(error):
    return f"key {error}", 500


app.register_blueprint(api)


def tell(answer):
    print(answer.status, answer.headers.get("X-Steps"), answer.headers.get("Location"), answer.get_data(as_text=True)[:400])


with app.test_client() as client:
    seen = set()
    for i in range(60):
        for url in ("/", "/api/items/3", f"/api/items/{i % 2 + 400}", "/tags/a+b+c", "/nowhere", "/stream?q=é"):
            answer = client.get(url)
            seen.add((url, answer.status, answer.get_data(as_text=True)))
    for row in sorted(seen):
        print(row)
    tell(client.post("/login", data={"name": "Zoë"}))
    tell(client.get("/"))
    tell(client.get("/"))
    tell(client.put("/api/items/3", json={"price": 10**20, "name": "renamed"}))
    tell(client.put("/api/items/3", data="not json", content_type="application/json"))
    tell(client.delete("/api/items/5"))
    tell(client.get("/api/items/5"))
    tell(client.post("/upload", data={"file": (io.BytesIO(b"x" * 5000), "f.bin"), "a": "1"}))
    tell(client.post("/login", data={}))
    tell(client.get("/error"))
    tell(client.post("/"))
    tell(client.options("/api/items/1"))
print(sorted(set(log)), len(log), sorted(str(rule) for rule in app.url_map.iter_rules()))
try:
    current_app.name
except RuntimeError as error:
    print(str(error).splitlines()[0])
