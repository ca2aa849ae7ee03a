#!/usr/bin/env python3
"""Sends readings to Meterbook: enrols with a code, then sends each line `meter register decimals at value` of stdin.

python3 push_client.py enrol https://meters.example.com 7K2M-QX4D-9ZPA-3V8N gateway.json
echo "A-17 energy_import 2 2026-11-26T10:15:00+00:00 123456" | python3 push_client.py send gateway.json
"""
import base64, gzip, hashlib, hmac, json, os, secrets, sys, time, urllib.error, urllib.request  # noqa: E401
from datetime import datetime
NAMES = ("Gateway", "Key", "Time", "Boot", "Sequence", "Signature")


def post(address, body, headers):
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:  # every refusal is a problem (RFC 9457) with `code`, `detail` and `time`
        return refusal.code, json.load(refusal)


def sign(kept, path, stamp, body):
    words = ["meterbook-push-1", "POST", path, kept["gateway"], kept["key"], *stamp, hashlib.sha256(body).hexdigest()]
    return base64.b64encode(hmac.digest(base64.b64decode(kept["secret"]), "\n".join(words).encode(), "sha256")).decode()


def push(kept, boot, sequence, groups, offset=0):
    content = {"format": "meterbook-batch-1", "readings": groups, "status": {"firmware": "push_client 1"}}
    body, path = gzip.compress(json.dumps(content).encode(), mtime=0), "/push/v1/batches"
    for _attempt in range(8):  # the same number and the same bytes until the server has answered
        stamp = [str(int(time.time() * 1000) + offset), boot, str(sequence)]
        values = [kept["gateway"], kept["key"], *stamp, sign(kept, path, stamp, body)]
        headers = {f"Meterbook-{name}": value for name, value in zip(NAMES, values)}
        try:
            status, answer = post(kept["server"] + path, body, {**headers, "Content-Encoding": "gzip"})
        except OSError as lost:
            status, answer = 503, {"detail": str(lost)}
        if status == 401 and abs(answer["time"] - int(stamp[0])) > 60_000:
            offset += answer["time"] - int(stamp[0])  # our clock was wrong: sign again with the server's
        elif status != 503:
            return status, answer
        time.sleep(min(2**_attempt, 60))
    return status, answer


if __name__ == "__main__" and sys.argv[1] == "enrol":
    server, code, file = sys.argv[2:]
    status, answer = post(f"{server}/push/v1/enrol", json.dumps({"code": code, "algorithm": "hmac-sha256"}).encode(), {})
    status == 201 or sys.exit(answer["detail"])
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept: json.dump({"server": server, **{name: answer[name] for name in ("gateway", "key", "secret")}}, kept)  # noqa: E701
elif __name__ == "__main__":
    kept, rows = json.load(open(sys.argv[2])), {}
    for number, line in enumerate(sys.stdin, 1):
        try:
            meter, register, decimals, at, value = line.split()
            own = rows.setdefault((meter, register, int(decimals)), ([], []))
            own[0].append(int(datetime.fromisoformat(at).timestamp() * 1000)), own[1].append(int(value))
        except ValueError as wrong:
            sys.exit(f"Line {number}: {wrong}. Write: meter register decimals at value. Nothing was sent.")
    groups = [dict(zip(("meter", "register", "decimals", "at", "value"), (*key, *own))) for key, own in rows.items()]
    print(*map(json.dumps, push(kept, secrets.token_hex(16), 1, groups)))
