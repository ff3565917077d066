"""REST addresses below /api/v1/."""

from django.urls import URLPattern, path

from shop.api import basket, goods, people, tokens

# A SKU may have slashes in it: it is all the rest of its address, and nothing may follow it.
urlpatterns: list[URLPattern] = [
    path("tokens", people.Tokens.as_view(), name="api-tokens"),
    path("me", people.Me.as_view(), name="api-me"),
    path("me/tokens", tokens.MyTokens.as_view(), name="api-my-tokens"),
    path("me/tokens/<uuid:id>", tokens.MyToken.as_view(), name="api-my-token"),
    path("products", goods.Products.as_view(), name="api-products"),
    path("products/<slug:slug>", goods.OneProduct.as_view(), name="api-product"),
    path("products/<slug:slug>/delivery", goods.ProductDelivery.as_view(), name="api-product-delivery"),
    path("cart", basket.CartView.as_view(), name="api-cart"),
    path("cart/lines/<path:sku>", basket.CartLineView.as_view(), name="api-cart-line"),
    path("wishlist", basket.WishlistView.as_view(), name="api-wishlist"),
    path("wishlist/items/<path:sku>", basket.WishView.as_view(), name="api-wish"),
]
