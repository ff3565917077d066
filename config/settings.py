"""All settings, from the environment only. docs/settings.md and .env.example list what may be set."""

import hmac
from urllib.parse import urlsplit

from csp.constants import NONCE, SELF
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import environment as env
from config import home
from config.account_forms import ACCOUNT_FORMS as ACCOUNT_FORMS
from config.account_forms import ACCOUNT_RATE_LIMITS as ACCOUNT_RATE_LIMITS
from config.account_forms import MFA_FORMS as MFA_FORMS
from config.admin_theme import UNFOLD as UNFOLD
from config.logs import logging_of
from config.timetable import CELERY_BEAT_SCHEDULE as CELERY_BEAT_SCHEDULE

PROJECT = home.PROJECT
HOME = home.home_dir()

# --- What the operator decides ---------------------------------------------------------------------------

DEBUG = env.switch("DEBUG", False)
SECRET_KEY = env.secret_key(home.secret_key_file(HOME))
BIND = env.text("BIND", "127.0.0.1")
PORT = env.port("PORT", 8000)
REALTIME_PORT = env.port("REALTIME_PORT", 8001)
RTMP_PORT = env.port("RTMP_PORT", 1935)
SRT_PORT = env.number("SRT_PORT", 8890, least=1, most=65520)
# SRT is UDP: the TCP ports of the same numbers are free for what only the front door connects to.
CAMERA_PORT = SRT_PORT
CAMERA_BIND = env.text("CAMERA_BIND", "127.0.0.1")
WEB_PORT = env.port("WEB_PORT", SRT_PORT + 1)
CADDY = env.text("CADDY")  # empty: the one of its wheel
PUBLIC_HOST = "127.0.0.1" if BIND in {"0.0.0.0", "::"} else BIND  # noqa: S104 (a comparison, not a bind)
SITE_URL = env.url("SITE_URL", f"http://{PUBLIC_HOST}:{PORT}", ("http", "https")).rstrip("/")
REALTIME_URL = env.url("REALTIME_URL", "", ("ws", "wss")).rstrip("/")  # empty: the page's own origin
RTMP_URL = env.url("RTMP_URL", "", ("rtmp", "rtmps")).rstrip("/")  # empty: the page's own host, RTMP_PORT
CAMERA_URL = env.url("CAMERA_URL", "", ("ws", "wss")).rstrip("/")  # empty: the page's own origin
REALTIME_SERVER = env.choice("REALTIME_SERVER", "daphne", ("daphne", "uvicorn"))
SOCKETS_PER_NETWORK = env.number("SOCKETS_PER_NETWORK", 2000, least=1)  # at one realtime process, streams included
SOCKETS_PER_PERSON = env.number("SOCKETS_PER_PERSON", 30, least=1)
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, most=10)  # our own front door is not one of them
# What the front door says to web, realtime and media of itself, and nobody else can say (shop/http/network.py).
DOOR_MARK = hmac.new(SECRET_KEY.encode(), b"front door", "sha256").hexdigest()

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [
    "127.0.0.1",
    "localhost",
    "[::1]",
    PUBLIC_HOST,
    urlsplit(SITE_URL).hostname or PUBLIC_HOST,
]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "shop.pages.csrf.failure"
USE_HTTPS = SITE_URL.startswith("https:")

MAX_CONCURRENT_STREAMS = env.number("MAX_CONCURRENT_STREAMS", 3, least=1, most=100)
CHAT_BANS_NETWORKS = env.switch("CHAT_BANS_NETWORKS", False)
CHAT_RETENTION_DAYS = env.number("CHAT_RETENTION_DAYS", 0, most=3650)  # 0: for good
METRICS_TOKEN = env.text("METRICS_TOKEN")  # empty: metrics and readiness are for this machine alone
STREAM_LIMIT_TOKEN = env.text("STREAM_LIMIT_TOKEN")  # empty: the stream-limit API asks nobody who they are

PAYMENT_PROVIDER = env.choice("PAYMENT_PROVIDER", "sandbox", ("sandbox", "stripe"))
_STRIPE = "PAYMENT_PROVIDER=stripe" if PAYMENT_PROVIDER == "stripe" else ""
STRIPE_API_BASE = env.url("STRIPE_API_BASE", "https://api.stripe.com", ("http", "https")).rstrip("/")
STRIPE_SECRET_KEY = env.needed("STRIPE_SECRET_KEY", by=_STRIPE)
STRIPE_WEBHOOK_SECRET = env.needed("STRIPE_WEBHOOK_SECRET", by=_STRIPE)
# What stands in for Stripe in tests has no card form, and so no key for one.
STRIPE_PUBLISHABLE_KEY = env.needed(
    "STRIPE_PUBLISHABLE_KEY", by=_STRIPE if STRIPE_API_BASE == "https://api.stripe.com" else ""
)
PAYMENT_WINDOW_S = env.number("PAYMENT_WINDOW_S", 300, least=30, most=86400)
PAYMENT_SWEEP_GRACE_S = 15
ORDERS_PER_MINUTE_BUYER = env.number("ORDERS_PER_MINUTE_BUYER", 60, least=1)
ORDERS_PER_MINUTE_NETWORK = env.number("ORDERS_PER_MINUTE_NETWORK", 3000, least=1)
UNPAID_UNITS_BUYER = env.number("UNPAID_UNITS_BUYER", 40, least=1)  # of one SKU, held by one account or browser
UNPAID_UNITS_NETWORK = env.number("UNPAID_UNITS_NETWORK", 3000, least=1)
RETURN_WINDOW_DAYS = env.number("RETURN_WINDOW_DAYS", 30, least=1, most=3650)

# --- Applications ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "inventory",
    "shop",
    "orders",
    "streams",
    "realtime",
    "config",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.response_headers.ResponseHeadersMiddleware",
    "config.content_policy.ContentPolicyMiddleware",
    "config.request_limits.RequestLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shop.people.sessions.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "shop.people.second_factor.Middleware",
    "axes.middleware.AxesMiddleware",
    "shop.people.known_devices.KnownDevicesMiddleware",
    "config.request_rates.RequestRatesMiddleware",
    "config.errors.BusyMiddleware",
    "shop.rest.times.CallsInUtc",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["shop.templatetags.moments"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.context.nonce",
                "shop.context.here",
                "shop.context.basket",
                "shop.context.bell",
                "streams.context.on_air",
                "realtime.context.socket",
            ],
        },
    },
]

# --- Data ------------------------------------------------------------------------------------------------

DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "showfloor",
            "USER": "showfloor",
            "HOST": str(home.socket_dir(HOME, "postgres")),
        },
    )
}
DATABASES["archive"] = env.database(
    "ARCHIVE_DATABASE_URL",
    # Beside an external database, the same one: it holds the archive's table, too.
    dict(DATABASES["default"]) if env.text("DATABASE_URL") else {**DATABASES["default"], "NAME": "showfloor_archive"},
)
ARCHIVE_IS_APART = any(
    DATABASES["archive"].get(key) != DATABASES["default"].get(key) for key in ("HOST", "PORT", "NAME")
)
DATABASE_ROUTERS = ["orders.archive.router.Router"]
for database in DATABASES.values():
    database["CONN_HEALTH_CHECKS"] = True
    # For the statements of `inventory.statements` only; in the address, `?prepare_threshold=None` turns it off.
    database["OPTIONS"] = {"prepare_threshold": 2, **database.get("OPTIONS", {})}
    if pool_max := env.process_pool_max():
        # 32 web threads share at most 16 connections; one that can't get any within 2 s is answered 503.
        database["OPTIONS"]["pool"] = {"min_size": 2, "max_size": pool_max, "timeout": 2}
    else:
        database["CONN_MAX_AGE"] = 60

REDIS_URL = env.url("REDIS_URL", f"unix://{home.socket_dir(HOME, 'redis')}/redis.sock", ("redis", "rediss", "unix"))
CACHE_URL = env.url("CACHE_URL", REDIS_URL, ("redis", "rediss", "unix"))

CACHES = {
    "default": {
        "BACKEND": "config.cache.SoftRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "showfloor",
        "OPTIONS": {"socket_timeout": 0.25, "socket_connect_timeout": 0.25, "retry": Retry(NoBackoff(), 0)},
    }
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # The client's default socket timeout of 5 s would end an idle consumer.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30}], "prefix": "showfloor"},
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_PUBLISH_RETRY = False  # who publishes says what happens when Redis is away
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 30, "retry_on_timeout": True}
CELERY_TASK_ROUTES = {"orders.tasks.sweep": {"queue": "sweep"}}

# --- People ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "shop.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "shop.people.guesses.GuessLimit",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "shop.people.accounts.Adapter"
ACCOUNT_SIGNUP_FORM_CLASS = "shop.people.accounts.SignupForm"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Nobody signs in with an address that they have not shown to be theirs; so a stranger's sign-up with somebody's
# address opens nothing, and sign-up answers alike whether there is an account or not. A code, not a link: a link would
# be followed by the address's owner, and so let in whoever signed up.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "shop.people.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
STAFF_SECOND_FACTOR = env.switch("STAFF_SECOND_FACTOR", False)
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_CALLABLE = "shop.people.sign_in.locked_out"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # a guesser who goes on does not keep the owner out
AXES_WHITELIST_CALLABLE = "shop.people.guesses.is_by_known_device"
AXES_USERNAME_CALLABLE = "shop.people.sign_in.attempted_name"
AXES_CLIENT_IP_CALLABLE = "shop.http.network.network_address"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
SILENCED_SYSTEM_CHECKS = [
    "axes.W003",
    "security.W005",  # whether subdomains are ours to promise HTTPS for is the operator's to say, at the proxy
    "security.W008",  # the front door redirects; health checks come to us without it
    "security.W021",  # browsers' preload lists are for a whole domain, not for one shop on it
]

# --- Security --------------------------------------------------------------------------------------------

# Cookie names carry the port, so that two instances on one host do not sign each other out.
SESSION_COOKIE_NAME = f"showfloor_session_{PORT}"
CSRF_COOKIE_NAME = f"showfloor_csrf_{PORT}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin"  # the address of a page may hold the word that opens an order
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if USE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else ("HTTP_X_FRONT_DOOR", f"{DOOR_MARK} https")
)
X_FRAME_OPTIONS = "DENY"

# --- Files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [PROJECT / "static"]
MEDIA_ROOT, MEDIA_BUCKET, MEDIA_PREFIX = env.media_store("MEDIA_STORE_URL", HOME / "media")
_BUCKET = "a bucket as MEDIA_STORE_URL" if MEDIA_BUCKET else ""
MEDIA_BASE_URL = (env.needed("MEDIA_BASE_URL", by=_BUCKET) or "/media").rstrip("/")
MEDIA_RESERVE_MB = env.number("MEDIA_RESERVE_MB", 1024)
MEDIA_URL = MEDIA_BASE_URL + "/"
PLAYLIST_TOKENS = env.switch("PLAYLIST_TOKENS", False)
if PLAYLIST_TOKENS and not MEDIA_BASE_URL.startswith("/"):
    env.refuse("PLAYLIST_TOKENS", "only our own server checks them, and MEDIA_BASE_URL is another one")
STORAGES = {
    "default": {
        "BACKEND": "config.pictures.BucketStorage" if MEDIA_BUCKET else "django.core.files.storage.FileSystemStorage"
    },
    "staticfiles": {"BACKEND": "config.static_files.CompressedStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# An address in a policy means all that is below it only where it ends in a slash.
_MEDIA_ORIGIN = [MEDIA_URL] if MEDIA_URL.startswith("http") else []
# Sockets and the camera are of the page's own origin, unless somebody put them elsewhere.
_SOCKET_ORIGINS = [f"{url}/" for url in (REALTIME_URL, CAMERA_URL) if url]
_STREAM_ORIGINS = [f"{REALTIME_URL.replace('ws', 'http', 1)}/"] if REALTIME_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_MEDIA_ORIGIN],
        "media-src": [SELF, "blob:", "data:", *_MEDIA_ORIGIN],  # data: for the empty track that hls.js begins with
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF, *_SOCKET_ORIGINS, *_STREAM_ORIGINS, *_MEDIA_ORIGIN],
        "frame-ancestors": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": ["'none'"],
    },
}

# --- Language, time, money -------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")  # of pages without script, mails and receipts, which name it
USE_TZ = USE_I18N = True
DEFAULT_CURRENCY = "USD"
DEFAULT_POSTAL_CODE = "110001"
DEFAULT_COUNTRY = "IN"

# --- Mail, logs ------------------------------------------------------------------------------------------

EMAIL_URL = env.text("EMAIL_URL")
if EMAIL_URL:
    vars().update(env.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"
EMAIL_TIMEOUT = 30  # a server that verifies recipients takes its time
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Showfloor <no-reply@localhost>")
SELLER_NAME = env.text("SELLER_NAME", "Showfloor")
SELLER_ADDRESS = env.text("SELLER_ADDRESS")  # on receipts; "|" begins a new line
SELLER_EMAIL = env.text("SELLER_EMAIL")  # hears of orders, and gets the answers to mails
WEBHOOK_PRIVATE_NETWORKS = env.networks("WEBHOOK_PRIVATE_NETWORKS")  # empty: webhooks go to public addresses only

LOGGING = logging_of(is_plain=DEBUG)

# --- REST API --------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shop.people.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["shop.rest.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["shop.rest.parsing.OrjsonParser"],
    "DEFAULT_SCHEMA_CLASS": "shop.rest.openapi.Schema",
    "DEFAULT_PAGINATION_CLASS": "shop.rest.pagination.Cursor",
    "EXCEPTION_HANDLER": "shop.rest.problems.handle",
    "PAGE_SIZE": 24,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Showfloor",
    "DESCRIPTION": "Live shopping that a merchant hosts on its own machines.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # our own files: no foreign host's script runs here
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "OrderState": "orders.models.Order.State",
        "SessionState": "streams.models.StreamSession.State",
    },
}
