#!/usr/bin/env python3
"""Holds /metrics, docs/deploy/alerts.yml and docs/deploy/dashboard.json against Prometheus itself.

    daemon/tests/metrics.py [--tamis PROGRAM]

Debian's promtool checks the exposition and the rules; then a Prometheus reads the daemon while mail goes through it, every question of
the dashboard has to get an answer, and a broken file has to ring the alarm. Installs Prometheus by apt-get where it is missing, which
needs root. Exit: 0 all passed, 1 something failed.
"""

import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time, urllib.parse, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import clients
from world import REPOSITORY, Daemon, free_port, wait_for

DEPLOY = REPOSITORY / "docs/deploy"

CONFIG = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [ {deploy}/alerts.yml ]
scrape_configs:
  - job_name: tamis
    static_configs: [ {{ targets: [ "127.0.0.1:{http}" ] }} ]
"""


class World:
    """The daemon without Postfix: clients.py speaks the milter protocol."""

    def __init__(self, daemon):
        self.daemon = daemon

    def mail(self, count, subject):
        it = clients.connect(self)
        answers = clients.replies(it)
        for _ in range(count):
            it.sendall(b"".join(clients.session(subject) + [clients.packet(b"E")]))
            # Whatever is agreed and answered before, these end a message.
            while next(answers)[:1] not in (b"y", b"h"):
                pass
        it.sendall(clients.packet(b"Q"))
        it.close()


def install():
    if shutil.which("promtool") and shutil.which("prometheus"):
        return
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    if not policy.exists():
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "prometheus"],
                   env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, stdout=subprocess.DEVNULL)


def promtool(*words, given=None):
    ran = subprocess.run(["promtool", *words], input=given, capture_output=True, text=True)
    assert ran.returncode == 0, f"promtool {words}: {ran.stdout}{ran.stderr}"
    return (ran.stdout + ran.stderr).strip()


def questions():
    """Each question of the dashboard, with its panel."""
    for panel in json.loads((DEPLOY / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "10s")


def watch(world, root):
    port, daemon = free_port(), world.daemon
    (root / "prometheus.yml").write_text(CONFIG.format(deploy=DEPLOY, http=daemon.http))
    promtool("check", "config", str(root / "prometheus.yml"))
    with open(root / "prometheus.log", "wb") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={root}/prometheus.yml", f"--storage.tsdb.path={root}/data",
                                    f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def ask(path, **words):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(words)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def up():
        try:
            return ask("query", query="up == 1")["result"]
        except OSError:
            return False

    try:
        wait_for("Prometheus reads the daemon", up)
        for subject in (b"lunch", b"please tag me", b"please refuse me", b"please hold me"):
            world.mail(5, subject)
            time.sleep(1.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http}/learn?as=ham", data=b"Subject: x\r\n\r\nThe weekly figures\r\n"):
            pass
        empty, count = [], 0
        for panel, expr in questions():
            count += 1
            found = ask("query", query=expr)["result"]
            # Series of things that did not happen are not there.
            if not found and not any(word in expr for word in ("limits_reached", "learned")):
                empty.append(f"{panel}: {expr}")
        assert not empty, "no answer: " + "; ".join(empty)
        stages = {it["metric"]["stage"] for it in ask("query", query="tamis_engine_seconds_count > 0")["result"]}
        assert {"mime", "yara", "bayes", "policy"} <= stages, stages
        alerts = lambda: {it["labels"]["alertname"] for it in ask("alerts")["alerts"] if it["state"] == "firing"}
        assert not alerts(), alerts()
        # The first failure of all rings as well as any later one.
        (daemon.root / "rules/test.toml").write_text("[rule.broken\n")
        wait_for("the alarm rings", lambda: "TamisReloadFailed" in alerts())
        return count, len(stages)
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")
    parser.add_argument("--tamis", default=f"{target}/release/tamis", help="the program [release build]")
    options = parser.parse_args()
    install()
    print("alerts.yml: " + promtool("check", "rules", str(DEPLOY / "alerts.yml")).split("SUCCESS: ")[1])
    root = pathlib.Path(tempfile.mkdtemp(prefix="tamis-metrics-"))
    daemon = Daemon(os.path.realpath(options.tamis), root)
    try:
        daemon.start()
        world = World(daemon)
        world.mail(1, b"lunch")
        told = promtool("check", "metrics", given=daemon.get("/metrics"))
        assert not told, told
        asked, stages = watch(world, root)
        print(f"/metrics: nothing for promtool to say; {asked} questions of the dashboard answered, {stages} stages of the engine; "
              "a broken file rings the alarm")
    finally:
        if daemon.process:
            daemon.stop()
        shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
