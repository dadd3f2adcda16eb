"""Routes, read from source as each framework's users write them."""

from __future__ import annotations

import pytest

from stripe_audit.survey.routes import normal_path, routes_in, with_prefixes

DECLARED = {
    "express": ("app.js", "app.post('/webhook', express.raw({type: '*/*'}), handler)", ("POST", "/webhook")),
    "express, awaited and typed": ("a.ts", 'router.get<P, R>("/orders/:id", getOrder)', ("GET", "/orders/{id}")),
    "fastify, typed": ("a.ts", "app.post<{ Body: { a: number } }>('/pay', async () => {})", ("POST", "/pay")),
    "fastify, as an object": ("a.ts", "app.route({ method: 'POST', url: '/pay', handler })", ("POST", "/pay")),
    "express, any method": ("a.js", "app.all('/hook', handler)", ("ANY", "/hook")),
    "next, app router": (
        "src/app/api/webhooks/stripe/route.ts",
        "export async function POST(request: Request) {}",
        ("POST", "/api/webhooks/stripe"),
    ),
    "next, a parameter": ("app/api/orders/[id]/route.ts", "export const GET = 1", ("GET", "/api/orders/{id}")),
    "next, a group": ("app/(shop)/pay/route.ts", "export async function POST() {}", ("POST", "/pay")),
    "next, pages": ("pages/api/checkout.ts", "export default function handler() {}", ("ANY", "/api/checkout")),
    "flask": ("app.py", "@app.route('/webhook', methods=['POST'])\ndef hook(): ...", ("POST", "/webhook")),
    "flask, no methods": ("app.py", "@app.route('/')\ndef home(): ...", ("GET", "/")),
    "flask, a parameter": ("app.py", "@bp.get('/orders/<int:order_id>')\ndef o(): ...", ("GET", "/orders/{order_id}")),
    "fastapi": ("main.py", '@app.post("/pay")\nasync def pay(): ...', ("POST", "/pay")),
    "fastapi, own prefix": (
        "r.py",
        'router = APIRouter(tags=["a"], prefix="/api")\n@router.post("/pay")\ndef pay(): ...',
        ("POST", "/api/pay"),
    ),
    "django": ("urls.py", "urlpatterns = [path('stripe/webhook/', views.hook)]", ("ANY", "/stripe/webhook")),
    "django, a parameter": ("urls.py", "urlpatterns = [path('o/<uuid:id>', o)]", ("ANY", "/o/{id}")),
    "rails": ("config/routes.rb", 'routes.draw do\n  post "/webhook", to: "hooks#create"\nend', ("POST", "/webhook")),
    "laravel": ("routes/web.php", "Route::post('/webhook', [Hook::class, 'handle']);", ("POST", "/webhook")),
    "laravel's api file": ("routes/api.php", "Route::get('orders/{id}', $f);", ("GET", "/api/orders/{id}")),
}


@pytest.mark.parametrize(("file", "text", "expected"), DECLARED.values(), ids=DECLARED)
def test_a_route_is_read(file, text, expected):
    (route,) = routes_in(text, file)
    assert (route.method, route.path) == expected


@pytest.mark.parametrize(
    "text",
    [
        "const map = new Map(); map.get('a')",
        "cache.get('/not/a/route')",
        "axios.get(`https://example.com/a`, x)",
        "await fetch('/api/pay', { method: 'POST' })",
        "// nothing",
    ],
)
def test_what_is_no_route_is_not_read(text):
    assert not routes_in(text, "a.js")


def test_a_handler_ends_where_the_next_route_begins():
    first, second = routes_in("app.get('/a', x => 1);\napp.post('/b', y => secret);", "a.js")
    assert "secret" not in first.handler and "secret" in second.handler
    assert (first.line, second.line, second.place) == (1, 2, "a.js:2")


MOUNTED = {
    "express": (
        {"app.js": "const pay = require('./routes/pay');\napp.use('/api', pay);", "routes/pay.js": "r.post('/pay', f)"},
        "/api/pay",
    ),
    "express, called with middleware": (
        {"src/a.ts": "import pay from './pay.js'\napp.use('/v1', json(), pay)", "src/pay.ts": "r.post('/pay', f)"},
        "/v1/pay",
    ),
    "fastify": (
        {
            "src/a.ts": "import { pay } from './pay/index'\napp.register(pay, { prefix: '/api' })",
            "src/pay/index.ts": "app.post('/pay', f)",
        },
        "/api/pay",
    ),
    "fastapi": (
        {
            "main.py": "from app.routers import pay\napp.include_router(pay.router, prefix='/api')",
            "app/routers/pay.py": "@router.post('/pay')\ndef f(): ...",
        },
        "/api/pay",
    ),
    "flask": (
        {
            "app.py": "from pay import bp\napp.register_blueprint(bp, url_prefix='/api')",
            "pay.py": "@bp.post('/pay')\ndef f(): ...",
        },
        "/api/pay",
    ),
    "two prefixes: which one is not known": (
        {"app.js": "const p = require('./p');\napp.use('/a', p);\napp.use('/b', p);", "p.js": "r.post('/pay', f)"},
        "/pay",
    ),
}


@pytest.mark.parametrize(("texts", "expected"), MOUNTED.values(), ids=MOUNTED)
def test_a_prefix_of_another_file_is_applied(texts, expected):
    routes = with_prefixes([route for file, text in texts.items() for route in routes_in(text, file)], texts)
    assert [route.path for route in routes] == [expected]


def test_paths_are_written_in_one_way():
    assert normal_path("a/:id/<int:n>/[slug]/") == "/a/{id}/{n}/{slug}"
    assert normal_path("") == "/"
