from django.urls import path

from shop.views import account, basket, goods, notices, tokens

app_name = "shop"
urlpatterns = [
    path("shop/", goods.products, name="products"),
    path("shop/<slug:slug>/", goods.product, name="product"),
    path("place/", goods.set_place, name="place"),
    path("cart/", basket.cart_page, name="cart"),
    path("cart/lines/", basket.change_line, name="cart-line"),
    path("wishlist/", basket.wishlist_page, name="wishlist"),
    path("wishlist/items/", basket.wish, name="wish"),
    path("notices/", notices.index, name="notices"),
    path("notices/read/", notices.read, name="notice-read"),
    path("accounts/", account.profile, name="account"),
    path("accounts/tokens/", tokens.index, name="tokens"),
    path("accounts/addresses/<int:pk>/", account.address, name="address"),
    path("accounts/addresses/fields/", account.address_fields, name="address-fields"),
    path("accounts/addresses/new/", account.address, name="address-new"),
]
