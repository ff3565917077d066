"""Tell the shop's templates which products are in a show at this moment."""

from django import template
from django.template import Context

from shop.models import Product
from streams.models import StreamSession

register = template.Library()

MEMO = "streams.products_on_air"


@register.simple_tag(takes_context=True)
def in_a_show_now(context: Context, product: Product) -> str:
    """Return the slug of the show on air that presents this product, or an empty string.

    The shows on air are read once for a page, however many cards ask.
    """
    page = context.dicts[0]  # the outermost layer: it lives as long as the page is rendered
    if MEMO not in page:
        page[MEMO] = dict(
            StreamSession.objects.filter(state__in=StreamSession.ON_AIR, run_list__isnull=False)
            .order_by("-started_at")
            .values_list("run_list__variant__product_id", "slug")
        )
    return str(page[MEMO].get(product.pk, ""))
