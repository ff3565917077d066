"""REST addresses below /api/v1/."""

from django.urls import URLPattern, path

from shop.api import cart, people, products, tokens

# A SKU may have slashes in it: it is all the rest of its address, and nothing may follow it.
urlpatterns: list[URLPattern] = [
    path("tokens", people.Tokens.as_view(), name="api-tokens"),
    path("me", people.Me.as_view(), name="api-me"),
    path("me/tokens", tokens.MyTokens.as_view(), name="api-my-tokens"),
    path("me/tokens/<uuid:id>", tokens.MyToken.as_view(), name="api-my-token"),
    path("products", products.Products.as_view(), name="api-products"),
    path("products/<slug:slug>", products.OneProduct.as_view(), name="api-product"),
    path("products/<slug:slug>/delivery", products.ProductDelivery.as_view(), name="api-product-delivery"),
    path("cart", cart.CartView.as_view(), name="api-cart"),
    path("cart/lines/<path:sku>", cart.CartLineView.as_view(), name="api-cart-line"),
    path("wishlist", cart.WishlistView.as_view(), name="api-wishlist"),
    path("wishlist/items/<path:sku>", cart.WishView.as_view(), name="api-wish"),
]
