"""Give the tests of QuickBooks a company and a connector."""

from tests.connectors.quickbooks.support import Company, company
from tests.connectors.support import connector_of, world_of

world = world_of(company)
quickbooks = connector_of("quickbooks", Company.connector)
