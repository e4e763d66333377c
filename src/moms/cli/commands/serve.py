"""`moms serve`: the pages and the interface for programs, on a port."""

from __future__ import annotations

import argparse
import json
import os
import sys

from moms.cli.exits import Exit
from moms.cli.who import who_arguments

EXAMPLE = """moms serve
moms serve --work
moms serve --processes 2
moms serve --port 0 --json
moms serve --host 10.0.0.5 --public https://moms.example
moms serve --host 10.0.0.5 --tls-cert moms.pem --tls-key moms.key --client-ca ca.pem --public https://moms.example"""
NO_PAGES = (
    "moms: the pages are not built, only the interface for programs answers;"
    " in a checkout run .venv/bin/python hatch_build.py"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where, and how much at once."""
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8700, metavar="N", help="on which port, 0 for any (8700)")
    parser.add_argument("--public", metavar="URL", help="https address by which it is reached; needed beyond loopback")
    parser.add_argument("--tls-cert", metavar="FILE", help="serve TLS with this certificate and its chain, PEM")
    parser.add_argument("--tls-key", metavar="FILE", help="the key of that certificate, PEM")
    what = "whose certificates clients may act by, PEM; a client without one signs in otherwise"
    parser.add_argument("--client-ca", metavar="FILE", help=what)
    what = "a proxy with TLS that tells of clients' addresses and certificates, by MOMS_PROXY_SECRET_FILE; may repeat"
    parser.add_argument("--proxy", action="append", default=[], metavar="ADDRESS", help=what)
    parser.add_argument("--rate", type=float, default=50.0, metavar="N", help="requests a second for each person (50)")
    parser.add_argument("--studies", type=int, default=1, metavar="N", help="studies at once (1)")
    parser.add_argument("--queue", type=int, default=16, metavar="N", help="how many may wait for a study (16)")
    parser.add_argument(
        "--lease", type=float, default=60.0, metavar="S", help="seconds until a silent server's work is taken over (60)"
    )
    what = "also do what is due by the clock, in a worker beside it (`moms worker`)"
    parser.add_argument("--work", action="store_true", help=what)
    parser.add_argument(
        "--send",
        type=float,
        default=5.0,
        metavar="S",
        help="seconds between looks for what to send, 0: never (5)",
    )
    what = "web processes on this one port (1); `--studies`, `--rate` and `--streams` are of each"
    parser.add_argument("--processes", type=int, default=1, metavar="N", help=what)
    what = "screens that may listen to what happens, in each process (1000)"
    parser.add_argument("--streams", type=int, default=1000, metavar="N", help=what)
    parser.add_argument("--share", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--beside", type=int, help=argparse.SUPPRESS)
    what = "seconds for which a password that was given is enough to decide (900)"
    parser.add_argument("--proof", type=float, default=900.0, metavar="S", help=what)
    what = "the operator's people decide by a passkey or single sign-on, and by no password alone"
    parser.add_argument("--passkeys", action="store_true", help=what)
    what = "a port of this machine alone on which Prometheus reads measures, 0 for any; none if left out"
    parser.add_argument("--metrics", type=int, metavar="N", help=what)
    what = "how to log on stderr: warnings as text, or JSON with a line for each request (text)"
    parser.add_argument("--log", choices=("text", "json"), default="text", help=what)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from moms.portal.needs import Limits
    from moms.portal.pages import read_pages
    from moms.values import Refused
    from moms.wiring.logs import log_to
    from moms.wiring.serve import Shared, serve
    from moms.wiring.settings import settings
    from moms.wiring.tls import tls_of

    if (
        not 0 < args.rate < float("inf")
        or not 1.0 <= args.lease < 86400.0
        or not 30.0 <= args.proof < 86400.0
        or args.studies < 1
        or args.queue < 0
        or not 1 <= args.processes <= 64
        or not 1 <= args.streams <= 100_000
        or not (args.send == 0.0 or 0.1 <= args.send < 86400.0)
        or not all(0 <= port < 65536 for port in (args.port, args.metrics or 0))
    ):
        raise Refused("a rate, a number or a port that cannot be", field="serve", fix="see `moms serve --help`")
    chosen = settings(now=args.now, grid=args.grid, rule_book=args.rule_book)
    limits = Limits(per_s=args.rate, burst=4 * args.rate, studies=args.studies, queue=args.queue, lease_s=args.lease,
                    proof_s=args.proof, streams=args.streams, passkeys=args.passkeys)  # fmt: skip

    tls = tls_of(certificate=args.tls_cert, key=args.tls_key, authorities=args.client_ca)
    if not read_pages():
        print(NO_PAGES, file=sys.stderr)

    log_to(as_json=args.log == "json")

    def say(address: str, metrics: str | None) -> None:
        if args.share is not None:
            return  # who shared the port has said it
        more = {} if metrics is None else {"metrics": metrics}
        if args.json:
            print(json.dumps({"address": address, **more}), flush=True)
        else:
            print(f"MOMS serves at {address}" + (f", measures at {metrics}" if metrics else ""), flush=True)

    worker = _worker(args) if args.work else ()
    serve(chosen, host=args.host, port=args.port, public=args.public, limits=limits, say=say, worker=worker,
          send_s=args.send, metrics=args.metrics, tls=tls, proxies=args.proxy,
          more=[_again(args)] * (args.processes - 1),
          shared=None if args.share is None else Shared(fd=args.share, parent=args.beside))  # fmt: skip
    return Exit.DONE


def _again(args: argparse.Namespace) -> tuple[str, ...]:
    """Give the words of one more server of the same kind; notices, duties and measures are the first one's."""
    said = ("host", "public", "rate", "studies", "queue", "lease", "proof", "log", "streams", "now", "grid",
            "tls_cert", "tls_key", "client_ca")  # fmt: skip
    named = [(f"--{name.replace('_', '-')}", getattr(args, name)) for name in said] + [("--rules", args.rule_book)]
    named += [("--proxy", one) for one in args.proxy]
    same = (word for name, value in named if value is not None for word in (name, str(value)))
    more = ("--passkeys",) if args.passkeys else ()
    return ("serve", "--send", "0", "--beside", str(os.getpid()), *more, *same)


def _worker(args: argparse.Namespace) -> tuple[str, ...]:
    """Give the words of a worker on the same book, grid, rules and clock, which stops when this process has gone."""
    named = (("--now", args.now), ("--grid", args.grid), ("--rules", args.rule_book))
    where = (word for name, value in named if value for word in (name, value))
    return ("worker", "--beside", str(os.getpid()), "--lease", str(args.lease), *where)
