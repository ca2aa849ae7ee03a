"""Records of customers: what is kept, merged, given out and forgotten."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from PIL import Image

from meterbook.billing import models as billing_models
from meterbook.customers import duplicates, erasing, lookups, merging, models, protection, records
from meterbook.customers.values import ConsentKind, ContactRole, CustomerKind, CustomerState
from meterbook.documents import uploads
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys import privacy
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values
from tests.factories import billing, customers, identity, ledger, sites
from tests.support import trails

ACTOR = Actor.system("test")
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def account(organization: identity_models.Organization, name: str = "Ana Ruiz") -> models.Account:
    return customers.account(organization=organization, site=sites.site(organization=organization), name=name)


def photo() -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret garden"
    Image.new("RGB", (40, 30), "red").save(written, "JPEG", exif=exif)
    return written.getvalue()


class TestRecord:
    def test_keeps_what_is_known_and_says_so_without_repeating_what_is_private(self) -> None:
        organization = identity.organization()
        facts = records.Facts(
            name="Ana Ruiz",
            kind=CustomerKind.PERSON,
            legal_name="Ana Ruiz Gil",
            email="ana@a.example",
            phones=("+34 600 000 000",),
            messaging=("telegram:@ana",),
            occupants=3,
            notes="Rings twice",
            custom={"Door": "B"},
        )

        with scoping.scope([organization.pk], actor=ACTOR):
            made = records.create_record(actor=ACTOR, at=NOW, code="C1", facts=facts)
            found = lookups.get_customer(public_id=made.public_id)

        assert found.facts == facts
        entry = trails.latest(organization)
        assert entry.action == "customers:create_customer"
        assert "600" not in json.dumps(entry.after)
        assert "Rings" not in json.dumps(entry.after)

    def test_contacts_consents_and_vulnerability(self) -> None:
        organization = identity.organization()
        customer = account(organization).customer.public_id
        given = {"actor": ACTOR, "at": NOW, "customer": customer}

        with scoping.scope([organization.pk], actor=ACTOR):
            records.add_contact(**given, facts=records.ContactFacts("Zoe", [ContactRole.PAYER], phone="1"))
            records.note_vulnerability(**given, is_medical=True, reason="needs oxygen", until_date=date(2026, 12, 31))
            consent = records.give_consent(**given, kind=ConsentKind.SHARING, text_version="2026-1")
            with pytest.raises(records.ConsentPresent):
                records.give_consent(**given, kind=ConsentKind.SHARING, text_version="2026-2")
            records.withdraw_consent(**given, consent=consent.public_id)
            records.give_consent(**given, kind=ConsentKind.SHARING, text_version="2026-2")
            found = lookups.get_customer(public_id=customer)
            noted = protection.vulnerability_of(customer_id=found.id)

        assert [each.roles for each in found.contacts] == [(ContactRole.PAYER,)]
        assert sorted((each.text_version, each.withdrawn_at) for each in found.consents)[0] == ("2026-1", NOW)
        assert noted is not None
        assert noted.reason == "needs oxygen"
        assert not any("oxygen" in json.dumps(each.after) for each in trails.entries(organization))

    def test_pictures_lose_what_the_camera_noted(self) -> None:
        organization = identity.organization()
        customer = account(organization).customer.public_id

        with scoping.scope([organization.pk], actor=ACTOR):
            added = records.add_file(actor=ACTOR, at=NOW, customer=customer, name="../meter.png", content=photo())
            _row, content = lookups.file_content(customer=customer, file=added.public_id)

        assert b"secret" not in content
        assert (added.media_type, added.name) == ("image/jpeg", "../meter.jpg")

    @pytest.mark.parametrize(
        "content", [b"", b"MZ\x90", b"<svg onload=x>", b"%PDF-1.7 /JavaScript", b"PK\x03\x04"], ids=repr
    )
    def test_refuses_other_files(self, content: bytes) -> None:
        organization = identity.organization()
        customer = account(organization).customer.public_id

        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(uploads.UploadRefused):
            records.add_file(actor=ACTOR, at=NOW, customer=customer, name="x", content=content)

    def test_of_another_organization_is_not_there(self) -> None:
        customer = account(identity.organization()).customer.public_id
        stranger = identity.organization()

        with scoping.scope([stranger.pk], actor=ACTOR):
            with pytest.raises(lookups.CustomerNotFound):
                lookups.get_customer(public_id=customer)
            with pytest.raises(records.CustomerNotThere):
                records.change_record(actor=ACTOR, at=NOW, customer=customer, facts=records.Facts("X"))


def post(of: models.Account, amount: str) -> None:
    """Let an account owe an amount, or be owed it."""
    with scoping.scope([of.organization_id], actor=ACTOR):
        organization = identity_models.Organization.objects.get(pk=of.organization_id)
    other = ledger.account(
        organization=organization, kind=ledger_values.AccountKind.INCOME, currency=of.currency, code=str(uuid.uuid4())
    )
    ledger.post((of.receivable, amount), (other, str(-Decimal(amount))))


class TestMerge:
    @pytest.mark.spec("M-065/2")
    def test_keeps_both_ledgers_with_their_histories(self) -> None:
        organization = identity.organization()
        kept, gone = account(organization), account(organization, "Ruiz, Ana")
        post(kept, "100")
        post(gone, "70")
        with scoping.scope([organization.pk], actor=ACTOR):
            before = [ledger_queries.statement(each.receivable_id) for each in (kept, gone)]

        with scoping.scope([organization.pk], actor=ACTOR):
            for _twice in range(2):
                merging.merge_customers(
                    actor=ACTOR, at=NOW, survivor=kept.customer.public_id, merged=gone.customer.public_id
                )

        with scoping.scope([organization.pk], actor=ACTOR):
            after = [ledger_queries.statement(each.receivable_id) for each in (kept, gone)]
            found = lookups.get_customer(public_id=kept.customer.public_id)
            merged = lookups.get_customer(public_id=gone.customer.public_id)
        assert after == before
        assert {each.number for each in found.accounts} == {kept.number, gone.number}
        assert (merged.state, merged.merged_into, merged.accounts) == (
            CustomerState.MERGED,
            kept.customer.public_id,
            (),
        )
        assert trails.actions(organization).count("customers:merge_customers") == 2

    def test_fills_in_what_the_survivor_does_not_know(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR):
            kept = records.create_record(actor=ACTOR, at=NOW, code="1", facts=records.Facts("Ana", email="a@a.example"))
            gone = records.create_record(
                actor=ACTOR,
                at=NOW,
                code="2",
                facts=records.Facts("Ana R.", email="b@b.example", tax_number="B1", phones=("1",), notes="n"),
            )
            for each in (kept, gone):
                records.give_consent(
                    actor=ACTOR, at=NOW, customer=each.public_id, kind=ConsentKind.MESSAGES, text_version=each.code
                )
            records.note_vulnerability(
                actor=ACTOR,
                at=NOW,
                customer=gone.public_id,
                is_medical=True,
                reason="ill",
                until_date=date(2027, 1, 1),
            )
            merging.merge_customers(actor=ACTOR, at=NOW, survivor=kept.public_id, merged=gone.public_id)
            found = lookups.get_customer(public_id=kept.public_id)
            noted = protection.vulnerability_of(customer_id=found.id)

        facts = found.facts
        assert (facts.name, facts.email, facts.emails) == ("Ana", "a@a.example", ("b@b.example",))
        assert (facts.tax_number, facts.phones, facts.notes) == ("B1", ("1",), "n")
        assert noted is not None
        assert [each.text_version for each in found.consents if each.withdrawn_at is None] == ["1"]

    def test_finds_who_is_probably_the_same(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR):
            for code, name in (("1", "García López, Ana"), ("2", "Ana Garcia Lopez"), ("3", "Zoe Berg")):
                records.create_record(actor=ACTOR, at=NOW, code=code, facts=records.Facts(name))
            (found,) = duplicates.likely_duplicates()

        assert {found.first.code, found.second.code} == {"1", "2"}

    def test_refuses_itself_and_what_is_closed(self) -> None:
        organization = identity.organization()
        one, two, three = (account(organization).customer.public_id for _ in range(3))
        with scoping.scope([organization.pk], actor=ACTOR):
            with pytest.raises(merging.CannotMerge):
                merging.merge_customers(actor=ACTOR, at=NOW, survivor=one, merged=one)
            merging.merge_customers(actor=ACTOR, at=NOW, survivor=one, merged=two)
            with pytest.raises(records.CustomerClosed):
                merging.merge_customers(actor=ACTOR, at=NOW, survivor=three, merged=two)


class TestPrivacy:
    def left(self) -> tuple[billing.Place, models.Account]:
        """A tenant of February who was billed and left."""
        place = billing.place()
        meter = billing.metered(place)
        days = billing.FEBRUARY
        billing.count(meter.energy, days.starts_at, days.ends_at)
        tenant = customers.account(
            organization=place.organization, site=place.site, name="Ana Ruiz", email="ana@a.example"
        )
        customers.contract(
            account=tenant, point=meter.point, tariff=place.tariff, starts_at=days.starts_at, ends_at=days.ends_at
        )
        return place, tenant

    def pay(self, tenant: models.Account) -> None:
        with scoping.scope([tenant.organization_id], actor=ACTOR):
            owed = ledger_queries.balance(tenant.receivable_id)
        post(tenant, str(-owed.amount))

    def test_is_refused_until_all_is_settled(self) -> None:
        place, tenant = self.left()
        customer = tenant.customer.public_id
        given = {"actor": ACTOR, "customer": customer}

        def refused(at: datetime) -> str:
            with (
                scoping.scope([place.organization.pk], actor=ACTOR),
                pytest.raises(privacy.NotErasable) as found,
            ):
                privacy.erase_customer(**given, at=at)
            return " ".join(each.words for each in found.value.obstacles)

        assert "still pays" in refused(billing.FEBRUARY.ends_at - timedelta(days=1))
        assert "final bill" in refused(NOW)
        billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        assert "open balance" in refused(NOW)
        self.pay(tenant)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            privacy.erase_customer(**given, at=NOW)

    @pytest.mark.spec("L-50/3")
    def test_forgets_the_person_and_keeps_the_bills_byte_for_byte(self) -> None:
        place, tenant = self.left()
        billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        self.pay(tenant)
        customer = tenant.customer.public_id
        given = {"actor": ACTOR, "at": NOW, "customer": customer}
        with scoping.scope([place.organization.pk], actor=ACTOR):
            records.add_file(**given, name="id.jpg", content=photo())
            records.add_contact(**given, facts=records.ContactFacts("Zoe"))
        before = self.bills(place)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            privacy.erase_customer(**given)
            found = lookups.get_customer(public_id=customer)

        assert self.bills(place) == before
        assert (found.state, found.facts.name, found.facts.email) == (CustomerState.ERASED, found.code, "")
        assert (found.contacts, found.files) == ((), ())
        assert [each.number for each in found.accounts] == [tenant.number]
        with scoping.scope([place.organization.pk], actor=ACTOR):
            books = [each for each in ledger_queries.list_accounts() if each.id == tenant.receivable_id]
        assert [(each.code, each.name) for each in books] == [(f"AR-{tenant.number}",) * 2]
        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(records.CustomerClosed):
            records.change_record(actor=ACTOR, at=NOW, customer=customer, facts=records.Facts("Ana"))

    def bills(self, place: billing.Place) -> list[tuple[str, bytes, str]]:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            found = billing_models.Bill.objects.filter(organization_id=place.organization.pk).select_related("draft")
            return [(each.number, bytes(each.draft.content), each.digest) for each in found.order_by("id")]

    def test_never_erases_a_customer_with_a_contract(self) -> None:
        place, tenant = self.left()

        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(erasing.StillCustomer):
            erasing.anonymize(actor=ACTOR, at=billing.FEBRUARY.starts_at, customer=tenant.customer.public_id)

    @pytest.mark.spec("L-50/3")
    def test_export_holds_everything_but_what_only_some_may_know(self) -> None:
        place, tenant = self.left()
        billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        given = {"actor": ACTOR, "at": NOW, "customer": tenant.customer.public_id}
        with scoping.scope([place.organization.pk], actor=ACTOR):
            records.note_vulnerability(**given, is_medical=True, reason="ill", until_date=date(2027, 1, 1))
            records.add_file(**given, name="id.jpg", content=photo())
            short = privacy.export_customer(**given, with_vulnerability=False)
            whole = privacy.export_customer(**given, with_vulnerability=True)

        with zipfile.ZipFile(io.BytesIO(short)) as archive:
            names = archive.namelist()
            person = json.loads(archive.read("person.json"))
        assert "vulnerability" not in person
        assert person["record"]["name"] == "Ana Ruiz"
        assert person["accounts"][0]["statement"]
        assert [each for each in names if each.startswith("bills/")]
        assert [each for each in names if each.startswith("documents/")]
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            assert json.loads(archive.read("person.json"))["vulnerability"]["reason"] == "ill"
        assert trails.actions(place.organization)[:2] == ["customers:export_customer"] * 2
