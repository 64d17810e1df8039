"""A Django site in one file: models, queries, templates, forms, the admin and the test client over SQLite in memory."""
# test: needs=django timeout=180
import re
import sys

import django
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY="not secret", ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", USE_TZ=True, STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"],
        "builtins": []}}])
django.setup()

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Avg, Count, F, Q, Sum
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template import Context, Engine
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse


class Author(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        app_label = "auth"

    def __str__(self):
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    pages = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    tags = models.ManyToManyField("Tag", related_name="books")

    class Meta:
        app_label = "auth"
        ordering = ["title"]

    def __str__(self):
        return f"{self.title} by {self.author}"

    @property
    def is_long(self):
        return self.pages > 500


class Tag(models.Model):
    name = models.SlugField()

    class Meta:
        app_label = "auth"


class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "author", "pages"]
    list_filter = ["author"]
    search_fields = ["title"]


admin.site.register(Book, BookAdmin)
admin.site.register(Author)


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ["title", "author", "pages", "price"]

    def clean_pages(self):
        pages = self.cleaned_data["pages"]
        if pages < 1:
            raise forms.ValidationError("a book has pages")
        return pages


engine = Engine(loaders=[("django.template.loaders.locmem.Loader", {
    "base": "<html><title>{% block title %}Books{% endblock %}</title>{% block body %}{% endblock %}</html>",
    "row": "<li class='{% cycle 'odd' 'even' %}'>{{ forloop.counter }}. {{ book.title|title }} ({{ book.author.name|upper|escape }})"
           "{% if book.is_long %} long{% elif book.pages %} {{ book.pages|add:1 }}{% endif %}</li>",
    "list": "{% extends 'base' %}{% block title %}{{ block.super }}: {{ page.number }}/{{ page.paginator.num_pages }}{% endblock %}"
            "{% block body %}{% for book in page %}{% include 'row' %}{% empty %}none{% endfor %}{% with n=page|length %}"
            "{{ n }} book{{ n|pluralize }}{% endwith %}{% endblock %}"})])


def book_list(request):
    books = Book.objects.select_related("author").filter(pages__gte=int(request.GET.get("min", 0)))
    page = Paginator(books, 7).get_page(request.GET.get("page"))
    return HttpResponse(engine.get_template("list").render(Context({"page": page})))


def book_detail(request, pk):
    book = get_object_or_404(Book, pk=pk)
    return JsonResponse({"title": book.title, "author": str(book.author), "price": str(book.price),
                         "tags": sorted(book.tags.values_list("name", flat=True))})


def book_new(request):
    form = BookForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_json(), status=400)
    return HttpResponse(str(form.save()), status=201)


urlpatterns = [path("books/", book_list, name="list"), path("books/<int:pk>/", book_detail, name="detail"),
               path("new/", book_new, name="new"), path("admin/", admin.site.urls)]


def fill():
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Author, Tag, Book):
            editor.create_model(model)
    authors = [Author.objects.create(name=f"Author <{i}>") for i in range(5)]
    tags = [Tag.objects.create(name=f"tag-{i}") for i in range(4)]
    for i in range(60):
        book = Book(title=f"book number {i * 37 % 60}", author=authors[i % 5], pages=i * 53 % 900, price=i * 7 % 40 + i % 100 / 100)
        book.save()
        book.tags.set(tags[i % 4:])


def queries():
    print(Book.objects.count(), Book.objects.aggregate(Sum("pages"), Avg("pages")))
    for author in Author.objects.annotate(n=Count("books"), total=Sum("books__pages")).filter(n__gt=2).order_by("-total"):
        print(author, author.n, author.total)
    print([str(b) for b in Book.objects.filter(Q(pages__lt=100) | Q(title__contains="number 5"), ~Q(author__name__endswith="<2>"))[:6]])
    print(Book.objects.filter(pages__lt=50).update(pages=F("pages") + 1000), Book.objects.filter(pages__gt=1000).count())
    with CaptureQueriesContext(connection) as captured:
        print(sum(len(book.tags.all()) for book in Book.objects.prefetch_related("tags").select_related("author")))
    print(len(captured), captured[0]["sql"][:70])
    print(str(Book.objects.filter(author__name="x").exclude(tags__name="y").query))
    try:
        with transaction.atomic():
            Author.objects.create(name="Author <1>")
    except IntegrityError as error:
        print(error)
    print(Book.objects.filter(author__name__endswith="<4>").delete())


def pages():
    client = Client()
    for query in ("", "?page=2", "?page=99", "?min=800"):
        answer = client.get(reverse("list") + query)
        print(answer.status_code, answer.content.decode())
    for pk in range(1, 40):
        answer = client.get(reverse("detail", args=[pk]))
        if pk % 6 == 0:
            print(pk, answer.status_code, answer.json() if answer.status_code == 200 else answer["Content-Type"])
    author = Author.objects.first()
    for data in ({"title": "New", "author": author.pk, "pages": 10, "price": "9.50"}, {"title": "", "author": 999, "pages": 0, "price": "x"}):
        answer = client.post(reverse("new"), data)
        print(answer.status_code, answer.content.decode())


def administration():
    User.objects.create_superuser("root", "root@example.org", "secret")
    client = Client()
    print(client.get("/admin/auth/book/").status_code, client.login(username="root", password="secret"))
    for url in ("/admin/", "/admin/auth/book/", "/admin/auth/book/?author__id__exact=1&q=number", "/admin/auth/book/3/change/",
                "/admin/auth/book/add/", "/admin/auth/author/"):
        answer = client.get(url)
        text = re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1TOKEN", answer.content.decode())
        text = re.sub(r"\s+", " ", re.sub(r"\?_changelist_filters=\S+|\d+ (minutes?|seconds?)", "", text))
        print(url, answer.status_code, len(text), text.count("<tr"), re.findall(r"<h1>.*?</h1>|<title>.*?</title>", text))
    answer = client.post("/admin/auth/book/3/change/", {"title": "Changed", "author": 1, "pages": 5, "price": "1.00", "tags": [1]}, follow=True)
    print(answer.status_code, answer.redirect_chain, Book.objects.get(pk=3))
    answer = client.post("/admin/auth/book/3/change/", {"title": "", "author": 1})
    print(answer.status_code, re.findall(r'errorlist"><li>([^<]*)', answer.content.decode()))


fill()
queries()
pages()
administration()
