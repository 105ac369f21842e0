"""A private rspamd (Debian's) for benchmarks: a configuration of its own, on a port of its own, and nothing that asks a network."""

import shutil, subprocess

# What asks a network, or another server; hfilter and once_received ask DNS.
ASKING = ("rbl surbl spf dkim dkim_signing dmarc arc asn fuzzy_check greylist ratelimit mx_check hfilter once_received url_redirector "
          "neural history_redis replies phishing bayes_expiry maillist metadata_exporter known_senders clickhouse elastic").split()
WORKERS = "normal controller fuzzy proxy".split()


def start(root, files):
    """Starts it with `root` as its place, which it can enter; `files` are what stands in local.d beyond what every benchmark
    wants. Workers that are not among them are off. It compiles its patterns after it listens."""
    conf = root / "rspamd"
    shutil.copytree("/etc/rspamd", conf)
    for name in ("db", "log", "run"):
        (root / name).mkdir()
        shutil.chown(root / name, "_rspamd", "_rspamd")
    local = {f"{name}.conf": "enabled = false;\n" for name in ASKING}
    local |= {f"worker-{name}.inc": "enabled = false;\n" for name in WORKERS}
    local["options.inc"] = 'dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }\n'
    local["logging.inc"] = f'type = "file"; filename = "{root}/log/rspamd.log"; level = "notice";\n'
    for name, text in (local | files).items():
        (conf / "local.d" / name).write_text(text)
    words = [f"{key}={value}" for key, value in {"CONFDIR": conf, "LOCAL_CONFDIR": conf, "DBDIR": root / "db",
                                                 "LOGDIR": root / "log", "RUNDIR": root / "run"}.items()]
    with open(root / "rspamd.out", "wb") as out:
        return subprocess.Popen(
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", conf / "rspamd.conf", *(f"--var={it}" for it in words)],
            stdout=out, stderr=out)
