from django.urls import path

from shop.pages import account, cart, notices, products, tokens

app_name = "shop"
urlpatterns = [
    path("shop/", products.products, name="products"),
    path("shop/<slug:slug>/", products.product, name="product"),
    path("place/", products.set_place, name="place"),
    path("cart/", cart.cart_page, name="cart"),
    path("cart/lines/", cart.change_line, name="cart-line"),
    path("wishlist/", cart.wishlist_page, name="wishlist"),
    path("wishlist/items/", cart.wish, name="wish"),
    path("notices/", notices.index, name="notices"),
    path("notices/read/", notices.read, name="notice-read"),
    path("accounts/", account.profile, name="account"),
    path("accounts/tokens/", tokens.index, name="tokens"),
    path("accounts/addresses/<int:pk>/", account.address, name="address"),
    path("accounts/addresses/fields/", account.address_fields, name="address-fields"),
    path("accounts/addresses/new/", account.address, name="address-new"),
]
