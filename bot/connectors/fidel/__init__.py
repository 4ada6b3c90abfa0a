"""Serve Fidel API: brands, references on brands and cards, shop addresses, missing purchases, reimbursement.

    idempotent   no key exists here at all, so every operation says how it is safe: a natural key (a brand's
                 name), the same end state (read, merge, write), or a person
    find         works for all but one. Exempt: reimburse_transaction, because no call reads a reimbursement; a hook
                 tells of it, and until then a person decides
    refusals     `refusal` in client.py: status, code and message together, since the code alone misleads
    secrets      the key is a header of the base's client and nowhere else; sentences hold ids, never card data
    contract     tests/contract/test_connectors.py against fidel-api.yaml
    exempt       reading before a metadata write is not atomic: another writer in between is overwritten, since the API
                 has neither versions nor conditions

Fidel copies metadata of brands and cards into every later transaction and webhook, so a reference there holds ids,
state and link: no personal data, no amounts, no reasons. Reimbursement is a withdrawn product (section 4 of the
reference): it is off unless the account proves to have it, and only ever by transaction, which has a natural lock.
By card the server picks the transaction, and a repeat could pay twice.
"""

from typing import Final

from bot.connectors.base import Connector
from bot.connectors.fidel.client import TITLE, FidelApi, FidelSettings
from bot.connectors.fidel.facts import LOOKUPS
from bot.connectors.fidel.operations import OPERATIONS

OFF: Final = f"Reimbursement by {TITLE} is switched off (FIDEL_REIMBURSEMENT): nothing was sent."


class FidelConnector(Connector):
    """Reach Fidel API."""

    api: FidelApi
    name = "fidel"
    title = TITLE
    settings = FidelSettings
    client = FidelApi
    table = OPERATIONS
    lookups = LOOKUPS

    def left_to_people(self, settings: FidelSettings) -> dict[str, str]:
        return {} if settings.reimbursement else {"reimburse_transaction": OFF}
