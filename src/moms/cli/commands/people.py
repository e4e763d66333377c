"""`moms people`: who a person is to a provider of single sign-on, and by which certificates a machine acts."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import register

if TYPE_CHECKING:
    import argparse

    from moms.desk.identities import Certificate
    from moms.desk.people import Identity, Register, Scope
    from moms.values import Actor

EXAMPLE = """moms people bind j.doe --subject 248289761001
moms people enrol scada-feed client.pem --scope read --scope write
moms people list --json
moms people revoke 3f9a1c0b7d21
moms people passkeys j.doe
moms people forget j.doe"""

DEEDS = ("bind", "enrol", "list", "revoke", "passkeys", "forget")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, with whom, and by what."""
    parser.add_argument("deed", choices=DEEDS, help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="whom, or the identity's id (revoke)")
    parser.add_argument("file", nargs="?", metavar="CERT", help="the certificate, PEM or DER (enrol)")
    parser.add_argument("--issuer", metavar="URL", help="the provider (bind; MOMS_OIDC_ISSUER)")
    parser.add_argument("--subject", metavar="TEXT", help="what the provider calls this person, its sub (bind)")
    parser.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="read, write, settle; may repeat")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done."""
    from moms.cli.paper import say, show_json, show_table

    with register() as (book, actor):
        if args.deed in {"passkeys", "forget"}:
            return _passkeys(args, book, actor)
        if args.deed == "list":
            with book.as_(actor) as page:
                found = list(page.identities())
        else:
            found = [_do(args, book, actor)]
    rows = [_row(one) for one in found]
    if args.json:
        show_json(rows)
    elif args.deed == "list":
        columns = ["id", "person", "kind", "issuer", "subject", "scopes", "ends_at", "ended"]
        show_table(columns=columns, rows=[[str(row[c]) for c in columns] for row in rows])
    else:
        say(f"{found[0].person}: done ({args.deed} {found[0].id}).")
    return Exit.DONE


def _do(args: argparse.Namespace, book: Register, actor: Actor) -> Identity:
    from moms.desk.identities import bind, enrol, revoke
    from moms.values import Refused

    now = datetime.now(UTC)
    if not args.name:
        raise Refused("nothing is named", field="NAME", fix=f"write: moms people {args.deed} NAME")
    if args.deed == "revoke":
        return revoke(register=book, actor=actor, now=now, identity=args.name)
    if args.deed == "enrol":
        certificate, scopes = _certificate(args.file), _scopes(args.scope)
        return enrol(register=book, actor=actor, now=now, name=args.name, certificate=certificate, scopes=scopes)
    issuer = args.issuer or os.environ.get("MOMS_OIDC_ISSUER")
    if not issuer or not args.subject:
        fix = "give --issuer (or MOMS_OIDC_ISSUER) and --subject, as the provider writes them"
        raise Refused("an issuer and a subject are needed", field="--subject", fix=fix)
    return bind(register=book, actor=actor, now=now, name=args.name, issuer=issuer, subject=args.subject)


def _passkeys(args: argparse.Namespace, book: Register, actor: Actor) -> int:
    """Show a person's passkeys, or end them all: it has lost the last one, and has been known by other means."""
    from moms.cli.paper import say, show_json, show_table
    from moms.desk.passkeys import forget, passkey_document
    from moms.desk.people import known
    from moms.values import Refused

    if not args.name:
        raise Refused("nobody is named", field="NAME", fix=f"write: moms people {args.deed} NAME")
    if args.deed == "forget":
        count = forget(register=book, actor=actor, now=datetime.now(UTC), name=args.name)
        show_json({"person": args.name, "ended": count}) if args.json else say(
            f"{args.name}: {count} passkeys and all sessions ended."
        )
        return Exit.DONE
    with book.as_(actor) as page:
        rows = [passkey_document(one) for one in page.passkeys(known(page, args.name).name)]
    if args.json:
        show_json(rows)
    else:
        columns = ["id", "label", "made_at", "seen_at"]
        show_table(columns=columns, rows=[[str(row[c]) for c in columns] for row in rows]) if rows else say("Nothing.")
    return Exit.DONE


def _certificate(file: str | None) -> Certificate:
    """Read the certificate that is to be enrolled."""
    from moms.portal.certificates import fit
    from moms.values import Refused

    if not file:
        raise Refused("no certificate is named", field="CERT", fix="write: moms people enrol NAME CERT.pem")
    try:
        text = Path(file).read_bytes()
    except OSError as why:
        raise Refused(f"{file}: {why.strerror}", field="CERT", fix="name a file that can be read") from why
    return fit(text)


def _scopes(words: list[str]) -> tuple[Scope, ...]:
    from moms.desk.people import Scope
    from moms.values import Refused

    unknown = sorted(set(words) - set(Scope))
    if unknown:
        raise Refused(f"{unknown[0]!r} is no scope", field="--scope", fix=f"one of {', '.join(Scope)}")
    return tuple(Scope(word) for word in dict.fromkeys(words))


def _row(identity: Identity) -> dict[str, object]:
    return {
        "id": identity.id,
        "person": identity.person,
        "kind": identity.kind,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "scopes": " ".join(identity.scopes),
        "ends_at": identity.ends_at,
        "ended": identity.ended,
    }
