"""Experiments that several checks share: each does something to the target through a context, and says what came of it.

They collect; the checks judge.
"""

from __future__ import annotations

from stripe_audit.trials.acceptances import Form, Taken, try_forms
from stripe_audit.trials.accounts import calls_seen, destinations_hear_connected, is_on_own_account
from stripe_audit.trials.acknowledgements import (
    Timed,
    Waits,
    percentile,
    time_acknowledgements,
    what_is_waited_for,
)
from stripe_audit.trials.address_families import answers_by, unreached_by_ipv4
from stripe_audit.trials.alterations import Altered, Asked, Change, request_altered, value_in_place, with_members
from stripe_audit.trials.books import Booked, Books, keep_books
from stripe_audit.trials.browsing import browse_page
from stripe_audit.trials.bursts import Burst, announced_limit, burst_of_orders, burst_of_refusals, wait_for_a_turn
from stripe_audit.trials.card_numbers import NumberSent, send_card_number
from stripe_audit.trials.crashes import MOMENTS, Crashed, CrashesSeen, crash_while_handling
from stripe_audit.trials.customers import CUSTOMER_WAYS, CustomerMade, create_customer_repeatedly, customers_made
from stripe_audit.trials.declines import Heard, heard_after
from stripe_audit.trials.deliveries import deliverable, is_acknowledged, settled, tell
from stripe_audit.trials.encryption import Tls, is_local, leads_to_tls, page_in_the_clear, tls_of
from stripe_audit.trials.endpoints import (
    Delivered,
    believed_forgeries,
    deliver_genuine,
    each_webhook,
    need_a_working_endpoint,
)
from stripe_audit.trials.events import PAYMENT_EVENTS, Told, effect_of, event_of, fitting_event, told_after
from stripe_audit.trials.failed_handling import (
    Failed,
    HandlingFailed,
    fail_handling,
    fail_once,
    fail_storing,
    is_taken,
)
from stripe_audit.trials.forgeries import Tried, accepts_anything, accepts_forgery, try_forgeries
from stripe_audit.trials.healths import HealthSeen, watch_health
from stripe_audit.trials.hearing import customer_told
from stripe_audit.trials.journeys import JOURNEYS, Journey, expected_states, give_back_half, travel
from stripe_audit.trials.later_prices import LATER_PRICES, Repriced, reprice
from stripe_audit.trials.libraries import libraries_seen, versions_pinned
from stripe_audit.trials.loads import Loaded, LoadFlaw, flaws_of, put_under_load
from stripe_audit.trials.logged import is_alarming, is_named, log_mark, names_of
from stripe_audit.trials.lost_mails import MailLost, lose_mail
from stripe_audit.trials.mails import are_more, dead_links, hears_customers, links_in, mails_if_seen, said_since
from stripe_audit.trials.malformed import send_malformed
from stripe_audit.trials.nonsense import Answered, is_alive, send_nonsense
from stripe_audit.trials.numbers import NumberForm, number_forms, send_numbers
from stripe_audit.trials.origins import ODD_HEADER, ODD_METHOD, Crossing, cross_from, is_foreign
from stripe_audit.trials.other_mode import paid_in_other_mode
from stripe_audit.trials.outages import OUTAGES, STRIPE_SAYS, Outage, Survived, order_if_seen, try_outages
from stripe_audit.trials.pages import (
    NOT_FOUND,
    Visit,
    api_answers,
    env_files,
    fetched,
    has_read,
    page_ways,
    source_maps,
    visit,
)
from stripe_audit.trials.paid_invoices import INVOICE_TWINS, Twice, routes_told_of, tell_of_an_invoice_twice
from stripe_audit.trials.prices import requests_with_own_price
from stripe_audit.trials.recorded_failures import (
    FailureLogged,
    fail_without_database,
    fail_without_stripe,
    is_timed,
    sounds_alarming,
)
from stripe_audit.trials.refusals import Refused, clock_ahead_s, why_refused
from stripe_audit.trials.relaunches import Believed, Relaunched, relaunch
from stripe_audit.trials.renewals import told_after_declined_renewal
from stripe_audit.trials.repetitions import REPETITIONS, Repeated, repeat
from stripe_audit.trials.resubmissions import LOST_ANSWERS, Recovered, place_in_calls, send_again
from stripe_audit.trials.same_requests import SentTwice, send_twice
from stripe_audit.trials.second_tries import Retried, try_again
from stripe_audit.trials.side_doors import create_by_get, create_with_members, has_orders, proven_payment
from stripe_audit.trials.silences import Silence, keep_silent
from stripe_audit.trials.slowness import busy_machine
from stripe_audit.trials.source_tree import exception_for, place_below, read_source
from stripe_audit.trials.stored import Kept, send_card_and_look
from stripe_audit.trials.strangers import Seen, ask_as_stranger, intent_paths, list_paths
from stripe_audit.trials.stripe_calls import intent_of, made, mentions, place_of, refused
from stripe_audit.trials.stripe_cli import Listened, listen
from stripe_audit.trials.submissions import SUBMISSIONS, Submitted, money_kept, submit_again, takes
from stripe_audit.trials.suspicions import Known, Suspicion, suspicions
from stripe_audit.trials.swaps import SWAPS, Bargain, Swapped, bargain_of, swap
from stripe_audit.trials.together import together
from stripe_audit.trials.unrecorded import unrecorded

__all__ = [
    "ODD_HEADER",
    "ODD_METHOD",
    "CUSTOMER_WAYS",
    "CustomerMade",
    "create_customer_repeatedly",
    "customers_made",
    "INVOICE_TWINS",
    "Twice",
    "calls_seen",
    "destinations_hear_connected",
    "is_on_own_account",
    "routes_told_of",
    "tell_of_an_invoice_twice",
    "Heard",
    "heard_after",
    "JOURNEYS",
    "LATER_PRICES",
    "LOST_ANSWERS",
    "MOMENTS",
    "NOT_FOUND",
    "PAYMENT_EVENTS",
    "OUTAGES",
    "REPETITIONS",
    "STRIPE_SAYS",
    "SUBMISSIONS",
    "SWAPS",
    "Altered",
    "Asked",
    "Bargain",
    "Burst",
    "Believed",
    "Booked",
    "Books",
    "Change",
    "Crashed",
    "CrashesSeen",
    "Crossing",
    "Delivered",
    "Form",
    "HandlingFailed",
    "Journey",
    "Listened",
    "Known",
    "NumberForm",
    "NumberSent",
    "Outage",
    "Recovered",
    "Refused",
    "Relaunched",
    "Repeated",
    "Repriced",
    "Retried",
    "Submitted",
    "Survived",
    "Suspicion",
    "Swapped",
    "Taken",
    "Timed",
    "Tls",
    "Told",
    "Tried",
    "Visit",
    "Waits",
    "accepts_anything",
    "accepts_forgery",
    "answers_by",
    "api_answers",
    "bargain_of",
    "believed_forgeries",
    "clock_ahead_s",
    "cross_from",
    "deliver_genuine",
    "deliverable",
    "each_webhook",
    "effect_of",
    "env_files",
    "event_of",
    "exception_for",
    "announced_limit",
    "burst_of_orders",
    "burst_of_refusals",
    "busy_machine",
    "wait_for_a_turn",
    "Answered",
    "is_alive",
    "send_nonsense",
    "crash_while_handling",
    "create_by_get",
    "create_with_members",
    "has_orders",
    "browse_page",
    "proven_payment",
    "Kept",
    "send_card_and_look",
    "Seen",
    "ask_as_stranger",
    "intent_paths",
    "list_paths",
    "has_read",
    "hears_customers",
    "page_ways",
    "place_below",
    "place_in_calls",
    "read_source",
    "expected_states",
    "fail_handling",
    "fetched",
    "fitting_event",
    "intent_of",
    "is_acknowledged",
    "is_alarming",
    "is_foreign",
    "is_local",
    "is_named",
    "keep_books",
    "leads_to_tls",
    "libraries_seen",
    "listen",
    "LoadFlaw",
    "Loaded",
    "flaws_of",
    "put_under_load",
    "log_mark",
    "made",
    "are_more",
    "customer_told",
    "mails_if_seen",
    "said_since",
    "mentions",
    "money_kept",
    "names_of",
    "need_a_working_endpoint",
    "page_in_the_clear",
    "paid_in_other_mode",
    "percentile",
    "place_of",
    "refused",
    "relaunch",
    "repeat",
    "reprice",
    "request_altered",
    "requests_with_own_price",
    "send_again",
    "send_card_number",
    "number_forms",
    "send_malformed",
    "send_numbers",
    "settled",
    "source_maps",
    "submit_again",
    "suspicions",
    "swap",
    "takes",
    "tell",
    "time_acknowledgements",
    "tls_of",
    "together",
    "told_after",
    "travel",
    "try_again",
    "unreached_by_ipv4",
    "try_forms",
    "try_forgeries",
    "try_outages",
    "order_if_seen",
    "Failed",
    "fail_once",
    "fail_storing",
    "is_taken",
    "HealthSeen",
    "give_back_half",
    "dead_links",
    "links_in",
    "told_after_declined_renewal",
    "watch_health",
    "MailLost",
    "lose_mail",
    "FailureLogged",
    "fail_without_database",
    "fail_without_stripe",
    "is_timed",
    "sounds_alarming",
    "SentTwice",
    "send_twice",
    "Silence",
    "keep_silent",
    "unrecorded",
    "value_in_place",
    "versions_pinned",
    "visit",
    "what_is_waited_for",
    "why_refused",
    "with_members",
]
