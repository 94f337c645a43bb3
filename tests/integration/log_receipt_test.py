#!/usr/bin/env python3
"""A receipt as somebody checks it who does not have Tikar: this program alone, SHA-256, and OpenSSL for Ed25519.

What it does is written in docs/formats.md ("Leaf hash", "Merkle trees") and proto/tikar/v1/log_service.proto; nothing of
Tikar's own code takes part in the check.
"""

import base64
import hashlib
import json
import subprocess

from programs import run_on_stage

REQUESTS = 40
VERDICTS = {'VERDICT_VOID': 1, 'VERDICT_QUARANTINED': 2, 'VERDICT_ACCEPTED': 3}
# What stands before the 32 bytes of an Ed25519 key in its DER (RFC 8410).
KEY_PREFIX = bytes.fromhex('302a300506032b6570032100')


def sha256(data):
    return hashlib.sha256(data).digest()


def varint(number):
    data = b''
    while number >= 128:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def sized(data):
    return varint(len(data)) + data


def leaf(region, origin, entry):
    received = int(entry['received_at_ms'])
    return sha256(b'\0' + sized(region.encode()) + bytes.fromhex(origin) + int(entry['seq']).to_bytes(8, 'big') +
                  base64.b64decode(entry['change_hash']) + varint(received << 1 ^ received >> 63) +
                  bytes([VERDICTS[entry['verdict']]]) + sized(base64.b64decode(entry.get('signature_id', ''))))


def root_of(node, index, size, proof):
    """RFC 9162, section 2.1.3.2; None where the proof has not the length that it must have."""
    last = size - 1
    for sibling in map(base64.b64decode, proof):
        if last == 0:
            return None
        if index & 1 or index == last:
            node = sha256(b'\1' + sibling + node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b'\1' + node + sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def is_signed(directory, key, message, signature):
    names = {}
    for name, data in (('key', KEY_PREFIX + key), ('message', message), ('signature', signature)):
        names[name] = directory / f'openssl.{name}'
        names[name].write_bytes(data)
    return subprocess.run(['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', names['key'], '-rawin',
                           '-in', names['message'], '-sigfile', names['signature']],
                          capture_output=True, check=False).returncode == 0


def proven(directory, receipt, verifier_key):
    """The entries that hold, or None."""
    _, _, encoded = verifier_key.strip().split('+', 2)
    key = base64.b64decode(encoded)
    entries = []
    for log in receipt['logs']:
        text, _, signatures = log['checkpoint'].rpartition('\n\n')
        line, size, root = text.split('\n')
        _, region, origin = line.split('/')
        dash, name, encoded = signatures.split('\n')[0].split(' ')
        signature = base64.b64decode(encoded)
        if dash != '\u2014' or name != line or signature[:4] != sha256(line.encode() + b'\n' + key)[:4]:
            return None
        if not is_signed(directory, key[1:], (text + '\n').encode(), signature[4:]):
            return None
        for entry in log['entries']:
            made = root_of(leaf(region, origin, entry), int(entry['seq']) - 1, int(size), entry['proof'])
            if made != base64.b64decode(root):
                return None
            entries.append(entry)
    return entries


def play(stage):
    stage.clear()
    made = subprocess.run([str(stage.build / 'server/tikard'), 'init', '--data-dir', str(stage.directory / 'server'),
                           '--name', 'kerinci', '--regions', '15.01'], capture_output=True, text=True, check=False)
    stage.check(made.returncode == 0, 'the node has a key', made.stderr)
    stage.start_server()
    refs = [stage.office_read('requests', 'create', '--service', 'pengaduan', '--area', '15.01.06', '--set',
                              f'judul=Jembatan {number}', '--set', 'kategori=jalan_jembatan', '--role', 'operator')['ref']
            for number in range(REQUESTS)]
    key = stage.office('log', 'key', show=False)
    path = stage.directory / 'receipt.json'
    for ref in (refs[0], refs[17], refs[-1]):
        stage.office('log', 'prove', ref, '--out', str(path), '--with-bodies', show=False)
        receipt = json.loads(path.read_text(encoding='utf-8'))
        entries = proven(stage.directory, receipt, key)
        stage.check(entries is not None and len(entries) == 1, f'the receipt of {ref} holds', receipt)
        stage.check(sha256(base64.b64decode(entries[0]['body'])) == base64.b64decode(entries[0]['change_hash']),
                    'and its body is the one that was recorded')
    for what, alter in (('time', lambda entry: entry.update(received_at_ms=str(int(entry['received_at_ms']) - 1))),
                        ('number', lambda entry: entry.update(seq=str(int(entry['seq']) - 1))),
                        ('verdict', lambda entry: entry.update(verdict='VERDICT_VOID')),
                        ('proof', lambda entry: entry['proof'].reverse())):
        altered = json.loads(path.read_text(encoding='utf-8'))
        alter(altered['logs'][0]['entries'][0])
        stage.check(proven(stage.directory, altered, key) is None, f'one whose {what} was altered does not')


if __name__ == '__main__':
    run_on_stage(play, __doc__)
