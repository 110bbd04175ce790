"""What a column holds, told from its name and its table's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dbwright.model.catalog import Table
from dbwright.model.sensitive_names import endings

__all__ = ["meaning_of"]

WORDS: Mapping[str, str] = {
    "first_name": "first_name first_names given_name forename firstname fname",
    "last_name": "last_name family_name surname lastname lname maiden_name",
    "full_name": "full_name fullname display_name author_name contact_name customer_name contact "
    "author owner_name person recipient employee_name user_full_name",
    "email": "email e_mail mail email_address mail_address",
    "phone": "phone phone_number telephone mobile mobile_number fax cell tel home_phone",
    "city": "city town hometown ship_city billing_city",
    "country": "country country_name nation ship_country",
    "country_code": "abbr abbreviation country_code countrycode iso_country country_iso",
    "state": "state region province county district state_name",
    "street": "street address address1 address_line address_line1 street_address ship_address",
    "unit": "address2 address_line2 suite apartment",
    "postcode": "postcode postal_code zip zip_code zipcode plz",
    "company": "company company_name employer organization organisation vendor supplier brand "
    "ship_name manufacturer publisher studio",
    "job": "job job_title position_title profession occupation contact_title title_of_courtesy",
    "url": "url uri link website homepage web href image_url avatar_url avatar picture_url "
    "webhook callback_url",
    "domain": "domain hostname host domain_name",
    "slug": "slug handle permalink",
    "username": "username user_name login nickname screen_name",
    "secret": "password passwd pwd password_hash password_digest token secret api_key hash digest "
    "salt checksum sha1 sha256 md5 signature fingerprint etag session_key session_id token_hash",
    "status": "status state_code order_status payment_status lifecycle stage",
    "kind": "kind type category_type event event_type action method level severity priority mode",
    "category": "category category_name genre tag label topic subject_area department "
    "department_name section group_name",
    "title": "title subject headline heading caption summary_line",
    "product": "product product_name item item_name",
    "body": "body description text content comment comments note notes bio about message summary "
    "details remarks review body_text abstract biography instructions reason",
    "color": "color colour",
    "currency": "currency currency_code",
    "language": "language lang locale language_code",
    "timezone": "timezone time_zone tz",
    "user_agent": "user_agent useragent",
    "ip": "ip ip_address client_ip remote_addr",
    "file": "file file_name filename attachment",
    "path": "path file_path folder directory",
    "mime": "mime mime_type content_type media_type",
    "code": "code sku reference ref number order_number invoice_number serial serial_number "
    "barcode ean coupon voucher tracking_number account_number external_id key customer_number",
    "isbn": "isbn isbn13",
    "iban": "iban",
    "gender": "gender sex",
    "version": "version release app_version",
    "money": "price amount total cost fee balance salary subtotal revenue budget payment tax "
    "discount_amount unit_price list_price net gross credit debit wage freight replacement_cost "
    "rental_rate price_cents amount_cents total_cents cents value_usd",
    "percent": "percent percentage pct share progress completion",
    "rate": "rate ratio discount discount_rate tax_rate vat probability confidence weight_factor",
    "rating": "rating stars score_stars grade",
    "score": "score points rank_score karma",
    "quantity": "quantity qty amount_ordered units count_ordered seats units_on_order",
    "count": "count views clicks likes visits downloads hits view_count attempts retries stock "
    "units_in_stock num reorder_level inventory on_hand",
    "age": "age",
    "year": "year release_year birth_year model_year",
    "month": "month",
    "day": "day day_of_month",
    "position": "position sort sort_order ordinal rank sequence seq line line_no line_number index "
    "display_order priority_order",
    "duration": "duration length duration_ms duration_seconds elapsed minutes seconds milliseconds "
    "runtime rental_duration latency latency_ms",
    "bytes": "bytes size file_size size_bytes byte_size",
    "weight": "weight weight_kg mass",
    "measure": "height width depth distance",
    "latitude": "latitude lat",
    "longitude": "longitude lng lon long",
    "temperature": "temperature temp celsius",
    "birth": "birthday birth_date birthdate date_of_birth dob born",
}
MEANINGS = {word: meaning for meaning, words in WORDS.items() for word in words.split()}
PEOPLE = frozenset(
    """
    user users customer customers employee employees person persons people actor actors author
    authors staff contact contacts member members patient patients student students teacher
    teachers artist artists driver drivers guest guests client clients subscriber subscribers
    passenger passengers manager managers doctor doctors lead leads candidate candidates account
    accounts profile profiles
    """.split()
)
COMPANIES = frozenset(
    """
    company companies supplier suppliers vendor vendors shipper shippers organization organizations
    organisation organisations brand brands tenant tenants manufacturer manufacturers store stores
    publisher publishers partner partners
    """.split()
)
GEOGRAPHY = {
    "city": "city cities town towns",
    "country": "country countries nation nations",
    "state": "state states region regions province provinces us_states territory territories",
    "category": "category categories genre genres tag tags topic topics department departments",
    "language_name": "language languages",
    "product": "product products item items article articles",
    "title": "film films movie movies book books album albums track tracks song songs course "
    "courses",
}
TABLES = {word: meaning for meaning, words in GEOGRAPHY.items() for word in words.split()}


def meaning_of(table: Table, name: str) -> str:
    """Such as `email` or `money`; empty where the name tells nothing."""
    return _meaning(table.name, name)


@lru_cache(maxsize=65536)
def _meaning(table: str, name: str) -> str:
    ends = endings(name)
    if ends[0] == "title" and _is_of_people(table):
        return "job"
    if ends[-1] in ("name", "names", "description", "territory") and (
        found := _of_table(table, ends)
    ):
        return found
    for end in ends:
        if end in MEANINGS:
            return MEANINGS[end]
        if end.endswith("s") and end[:-1] in MEANINGS:
            return MEANINGS[end[:-1]]
    if ends[-1] in ("number", "no", "code", "id", "key"):
        return "code"
    return "title" if ends[-1] == "name" else ""


def _of_table(table: str, ends: list[str]) -> str:
    """What is called just `name`, or `city_name`, is what its table is of."""
    whole = [word for end in ends[:-1] for word in [end.removesuffix("_name")] if word]
    if ends[0] in MEANINGS and ends[0] not in ("name", "description"):
        return MEANINGS[ends[0]]
    if ends[-1] == "description" and ends[0] != ends[-1]:
        return ""
    for word in (*whole, *endings(table)):
        if word in PEOPLE:
            return "full_name" if ends[-1] == "name" else ""
        if word in COMPANIES:
            return "company" if ends[-1] == "name" else ""
        if word in TABLES and ends[-1] != "description":
            return TABLES[word]
    return ""


def _is_of_people(table: str) -> bool:
    """Are its rows persons?"""
    return any(word in PEOPLE for word in endings(table))
