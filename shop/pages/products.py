"""The shop and its products."""

import json
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inventory import availability, delivery
from shop import cart, currencies, money, wishlist
from shop.catalogue import query_string, search
from shop.catalogue.offers import LOW_STOCK
from shop.http.redirects import back
from shop.models import Category, Product, ProductPicture, Variant
from shop.people import postal_code

PER_PAGE = 24


@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """Show what the filters leave. Page 2 shows pages 1 and 2, so that "Show more" works as a plain link."""
    typed = request.GET.get("postal_code", "").strip()
    place_refused = bool(typed) and not postal_code.remember(request, typed)
    code = delivery.normalise(typed) if typed and not place_refused else postal_code.postal_code(request)
    asked = query_string.read(request.GET, postal_code=code)
    found = search.Search(asked.filters)
    facets = found.facets()
    shown = list(found.products()[: PER_PAGE * asked.page])
    skus = [product.variants.all()[0].sku for product in shown]
    more = query_string.query_of(asked.repeated, page=asked.page + 1)
    return render(
        request,
        "shop/products.html",
        {
            "asked": asked,
            "filters": asked.filters,
            "facets": facets,
            "attribute_facets": _attribute_facets(facets, asked.filters),
            "products": shown,
            "new_from": PER_PAGE * (asked.page - 1) + 1,
            "here": request.path
            + query_string.query_of(asked.repeated, **({"page": asked.page} if asked.page > 1 else {})),
            "more": more if len(shown) < facets.total and asked.page < query_string.PAGES_MAX else "",
            "chips": _chips(asked, facets),
            "sorts": _sorts(asked.filters),
            "wished": wishlist.wished_skus(request.user, skus),
            "postal_code": typed if place_refused else code,
            "place_refused": place_refused,
            "currency_sign": money.symbol(settings.DEFAULT_CURRENCY),
            "price_from": _major(asked.filters.min_minor),
            "price_to": _major(asked.filters.max_minor),
            "price_hints": [_major(price) for price in facets.price_minor or ()],
            "low": LOW_STOCK,
        },
    )


@require_GET
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one product. `?sku=` chooses a variant."""
    try:
        shown = search.get_product(slug)
    except Product.DoesNotExist:
        raise Http404(_("There is no such product.")) from None
    code = postal_code.postal_code(request)
    variants = list(shown.variants.all())
    skus = [variant.sku for variant in variants]
    units = availability.read(skus)
    days = delivery.estimate(skus, postal_code=code)
    options = [
        Option(
            variant,
            variant.picture or next(iter(shown.pictures.all()), None),
            units[variant.sku].available if variant.sku in units else 0,
            units[variant.sku].version if variant.sku in units else 0,
            days[variant.sku].delivery_on if variant.sku in days else None,
        )
        for variant in variants
    ]
    chosen = _chosen(options, request.GET.get("sku", ""))
    wished = wishlist.wished_skus(request.user, skus)
    look = _look(options)
    return render(
        request,
        "shop/product.html",
        {
            "product": shown,
            "chosen": chosen,
            "look": look,
            "groups": _groups(options, chosen, look) if look else [],
            "choices": _choices(options, chosen, look),
            "choice_word": _choice_word(chosen.variant, look),
            "pictures": _pictures(shown, chosen),
            "wished": wished,
            "wished_json": json.dumps(sorted(wished)),
            "postal_code": code,
            "is_known": delivery.is_known(code),
            "quantities": range(1, 11),
            "quantity_most": cart.QUANTITY_MAX,
            "low": LOW_STOCK,
        },
    )


@require_POST
def set_place(request: HttpRequest) -> HttpResponse:
    """Remember where things should go, and return to the page that asked."""
    if not postal_code.remember(request, request.POST.get("postal_code", "")):
        messages.error(request, _("That is not a postal code we know. Codes in India have six digits."))
    return back(request, "/shop/")


@dataclass(frozen=True)
class Option:
    """A variant as its page shows it."""

    variant: Variant
    picture: ProductPicture | None
    available: int
    version: int
    delivery_on: date | None

    @property
    def is_sold_out(self) -> bool:
        return self.available < 1


@dataclass(frozen=True)
class Group:
    """The variants that look the same; `option` is the one its link leads to."""

    label: str
    option: Option
    is_chosen: bool
    is_sold_out: bool


@dataclass(frozen=True)
class Chip:
    """A filter that holds, and the address without it."""

    label: str
    link: str


def _chosen(options: list[Option], sku: str) -> Option:
    """Return the variant asked for, else the first that can be bought, else the first."""
    by_sku = {option.variant.sku: option for option in options}
    return by_sku.get(sku) or next((option for option in options if not option.is_sold_out), options[0])


def _look(options: list[Option]) -> str:
    """Return the option by which variants look different, a colour: each value has one picture. Empty: none does.

    Variants that differ in nothing else need no groups.
    """
    if any(len(option.variant.options) < 2 for option in options):
        return ""
    for word in options[0].variant.options:
        pictures: dict[str, set[ProductPicture | None]] = {}
        for option in options:
            pictures.setdefault(str(option.variant.options.get(word, "")), set()).add(option.picture)
        if len(pictures) > 1 and all(len(seen) == 1 for seen in pictures.values()):
            return str(word)
    return ""


def _value(option: Option, word: str) -> str:
    return str(option.variant.options.get(word, ""))


def _rest(option: Option, word: str) -> str:
    """Return what sets a variant apart besides its look: "M"."""
    return ", ".join(str(value) for key, value in option.variant.options.items() if key != word)


def _groups(options: list[Option], chosen: Option, word: str) -> list[Group]:
    """Group variants by their look, as links; each keeps the chosen size where the other colour has it."""
    groups = []
    for label in dict.fromkeys(_value(option, word) for option in options):
        members = [option for option in options if _value(option, word) == label]
        same = [option for option in members if _rest(option, word) == _rest(chosen, word)]
        target = next((option for option in [*same, *members] if not option.is_sold_out), members[0])
        groups.append(Group(label, target, chosen in members, all(option.is_sold_out for option in members)))
    return groups


def _choices(options: list[Option], chosen: Option, word: str) -> list[tuple[Option, str]]:
    """Return the variants that radios choose from, each with its label."""
    if word:
        return [(option, _rest(option, word)) for option in options if _value(option, word) == _value(chosen, word)]
    return [(option, option.variant.label or option.variant.sku) for option in options]


def _choice_word(variant: Variant, word: str) -> str:
    """Return what the radios choose: "Size"."""
    return " · ".join(str(key) for key in variant.options if key != word) or _("Kind")


def _pictures(product: Product, chosen: Option) -> list[ProductPicture]:
    """Return the pictures, the chosen variant's first."""
    return sorted(product.pictures.all(), key=lambda picture: picture != chosen.picture)


def _attribute_facets(facets: search.Facets, asked: search.Filters) -> list[tuple[str, list[search.Choice]]]:
    """Offer the attributes that help to choose: values that several products share, the commonest kinds first."""
    offered = []
    for name, choices in facets.attributes.items():
        shared = [choice for choice in choices if choice.is_chosen or choice.count > 1][: query_string.VALUES_MAX]
        if len(shared) > 1 or asked.attributes.get(name):
            offered.append((name, shared))
    offered.sort(key=lambda facet: (facet[0] not in asked.attributes, -sum(choice.count for choice in facet[1])))
    return offered[: query_string.FACETS_MAX]


def _chips(asked: query_string.Asked, facets: search.Facets) -> list[Chip]:
    held = asked.repeated
    labels = {choice.value: choice.label for choice in facets.categories}
    if unknown := [slug for slug in held.categories if slug not in labels]:
        labels |= dict(Category.objects.filter(slug__in=unknown).order_by().values_list("slug", "name"))
    chips = [Chip(f"“{held.q}”", asked.link(q=""))] if held.q else []
    for slug in held.categories:
        chips.append(
            Chip(labels.get(slug, slug), asked.link(categories=tuple(s for s in held.categories if s != slug)))
        )
    currency = settings.DEFAULT_CURRENCY
    if held.min_minor is not None:
        label = _("from %(price)s") % {"price": money.format_minor(held.min_minor, currency)}
        chips.append(Chip(label, asked.link(min_minor=None)))
    if held.max_minor is not None:
        label = _("to %(price)s") % {"price": money.format_minor(held.max_minor, currency)}
        chips.append(Chip(label, asked.link(max_minor=None)))
    for name, values in held.attributes.items():
        for value in values:
            chips.append(Chip(value, asked.link(attributes=query_string.without(held.attributes, name, value))))
    if not held.in_stock:
        chips.append(Chip(_("with sold-out things"), asked.link(in_stock=True)))
    return chips


def _sorts(asked: search.Filters) -> list[tuple[str, str, bool]]:
    words = [("match", _("Best match"))] if asked.words else []
    words += [
        ("wished", _("Most wished")),
        ("new", _("New")),
        ("price", _("Price, low first")),
        ("-price", _("Price, high first")),
        ("soonest", _("Soonest delivery")),
    ]
    return [(value, label, value == asked.order) for value, label in words]


def _major(amount_minor: int | None) -> str:
    return "" if amount_minor is None else f"{currencies.to_major(amount_minor, settings.DEFAULT_CURRENCY):f}"
