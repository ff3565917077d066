"""Pages of shows for shoppers: home, the programme, and the show itself."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from shop import wishlist
from shop.catalogue import offers
from shop.http.network import network
from shop.models import User
from shop.people import postal_code
from streams import access, opinions, programme, show_page, texts
from streams.chat import messages as chat_messages
from streams.exceptions import ChatRefused
from streams.models import StreamSession
from streams.opinions import Value

LIVE_ON_HOME = 5
UPCOMING_ON_HOME = 5
REPLAYS_ON_HOME = 3
REPLAYS_A_PAGE = 12
OPINIONS: dict[str, Value] = {"like": "like", "dislike": "dislike"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    live, upcoming, replays = programme.rows(
        programme.live()[:LIVE_ON_HOME],
        programme.upcoming()[:UPCOMING_ON_HOME],
        programme.replays()[:REPLAYS_ON_HOME],
    )
    products = programme.favourites(postal_code=postal_code.postal_code(request))
    context = {
        "live": live,
        "upcoming": upcoming,
        "replays": replays,
        "categories": programme.categories(),
        "products": products,
        "wished": wishlist.wished_skus(
            request.user, (one.sku for product in products for one in product.variants.all())
        ),
        "low": offers.LOW_STOCK,
    }
    return render(request, "streams/home.html", context)


@require_safe
def shows(request: HttpRequest) -> HttpResponse:
    page = Paginator(programme.replays(), REPLAYS_A_PAGE).get_page(request.GET.get("page"))
    first = page.number == 1
    live, upcoming, replays = programme.rows(
        programme.live() if first else [], programme.upcoming() if first else [], page.object_list
    )
    context = {"live": live, "upcoming": upcoming, "replays": replays, "page": page}
    return render(request, "streams/shows.html", context)


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    session = _visible(request, slug)
    user = request.user if isinstance(request.user, User) else None
    return render(
        request,
        "streams/show.html",
        {
            "stage": show_page.read(session, user=user, postal_code=postal_code.postal_code(request)),
            "session": session,
        },
    )


@require_GET
def run_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer a show's run list alone, for a page that learnt of a SKU it does not know."""
    session = _visible(request, slug)
    return render(
        request,
        "streams/_run_list.html",
        {
            "stage": show_page.read(session, user=None, postal_code=postal_code.postal_code(request)),
            "session": session,
            "is_fragment": True,
        },
    )


@require_POST
def opinion(request: HttpRequest, slug: str) -> HttpResponse:
    """Like or dislike a show without script; the button that is pressed takes it back."""
    session = _visible(request, slug)
    if not isinstance(request.user, User):
        return redirect_to_login(session.get_absolute_url())
    opinions.set_opinion(session, request.user, OPINIONS.get(request.POST.get("opinion", "")))
    return redirect(session)


@require_POST
def say(request: HttpRequest, slug: str) -> HttpResponse:
    """Say something in a show, or about its replay, without script."""
    session = _visible(request, slug)
    if not isinstance(request.user, User):
        return redirect_to_login(session.get_absolute_url())
    try:
        chat_messages.post(session, author=request.user, text=request.POST.get("text", ""), network=network(request))
    except ChatRefused as refused:
        messages.error(request, texts.of_refusal(refused))
    return redirect(session.get_absolute_url() + "#h-chat")


def _visible(request: HttpRequest, slug: str) -> StreamSession:
    """Return a show to those who may see it. Raises Http404."""
    try:
        return access.get_visible(slug, request.user)
    except StreamSession.DoesNotExist:
        raise Http404 from None
