#!/usr/bin/env python3
"""buf curl, which knows nothing of Tikar, finds every service by reflection and calls some.

  interop_buf_curl.py TIKARD

Exits 77 where buf cannot be had (ci/buf/install says why).
"""

import base64
import json
import re
import subprocess
import sys

from interop_tikard import ROOT, must, must_equal, run, tikard


class Curl:
    def __init__(self, buf, address):
        self.command = [buf, 'curl', '--protocol', 'grpc', '--http2-prior-knowledge']
        self.url = f'http://{address}'

    def _run(self, *arguments):
        return subprocess.run([*self.command, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)

    def methods(self):
        """All that reflection lists: "package.Service/Method"."""
        listing = self._run('--list-methods', self.url)
        must_equal(listing.returncode, 0, f"the exit code of --list-methods ({listing.stderr.strip()})")
        return set(listing.stdout.split())

    def call(self, method, message):
        """The response, with the schema that reflection gave."""
        answer = self._run('--data', json.dumps(message), f'{self.url}/{method}')
        must_equal(answer.returncode, 0, f"the exit code of {method} ({answer.stderr.strip()})")
        return json.loads(answer.stdout)

    def error(self, method, message):
        """The error that the call must end with."""
        answer = self._run('--data', json.dumps(message), f'{self.url}/{method}')
        must(answer.returncode != 0, f'{method} did not fail')
        return json.loads(answer.stderr)


def methods_of_the_sources():
    """What the protos say there is."""
    methods = set()
    for proto in sorted((ROOT / 'proto').rglob('*.proto')):
        text = proto.read_text()
        package = re.search(r'^package (\S+);', text, re.MULTILINE)
        for service in re.finditer(r'^service (\w+) \{(.*?)^\}', text, re.MULTILINE | re.DOTALL):
            # For other nodes: it stands on a listener of its own, behind mutual TLS.
            if service[1] == 'MirrorService':
                continue
            for method in re.findall(r'^  rpc (\w+)\(', service[2], re.MULTILINE):
                methods.add(f'{package[1]}.{service[1]}/{method}')
    must('tikar.v1.SyncService/Sync' in methods and 'grpc.health.v1.Health/Check' in methods,
         'the protos were not read')
    return methods


def field(request, path):
    """The value of a field, as JSON has it."""
    return next((one['value'] for one in request['fields'] if one['path'] == path), None)


def check(curl):
    missing = methods_of_the_sources() - curl.methods()
    must(not missing, f'reflection does not list {sorted(missing)}')
    must('tikar.v1.MirrorService/Replicate' not in curl.methods(), 'phones can speak to MirrorService')
    for service in ('', 'tikar.v1.SyncService', 'tikar.v1.RequestService'):
        health = curl.call('grpc.health.v1.Health/Check', {'service': service})
        must_equal(health.get('status'), 'SERVING', f'the health of "{service}"')

    new = {
        'parent': 'regions/15.01', 'service': 'pengaduan', 'area': '15.01.06.2010', 'actor': 'loket-kayu-aro',
        'role': 'operator', 'requestId': '5b0c6f0e-3a52-4a63-9f0b-6a3f1d1f2b77',
        'comments': ['Warga menunggu di loket.'],
        'fields': [
            {'path': 'judul', 'value': {'text': 'Jembatan gantung putus'}},
            {'path': 'kategori', 'value': {'text': 'jalan_jembatan'}},
            {'path': 'prioritas', 'value': {'integer': '4'}},
            {'path': 'lokasi', 'value': {'place': {'latitudeE7': -17_100_000, 'longitudeE7': 1_012_600_000}}},
        ],
    }
    created = curl.call('tikar.v1.RequestService/CreateRequest', new)
    name = created['request']['name']
    must(re.fullmatch(r'regions/15\.01/requests/[0-9a-f]{32}', name), f'{name} is no name of a request')

    # A retry is answered as the first call was.
    again = curl.call('tikar.v1.RequestService/CreateRequest', new)
    must_equal(again['changeId'], created['changeId'], 'the change of a retry')
    listed = curl.call('tikar.v1.RequestService/ListRequests', {'parent': 'regions/15.01'})
    must_equal([one['name'] for one in listed['requests']], [name], 'what is listed after a retry')

    ref = created['request']['ref']
    for called in (name, f'regions/15.01/requests/{ref}', f'regions/-/requests/{ref}'):
        request = curl.call('tikar.v1.RequestService/GetRequest', {'name': called})['request']
        must_equal(request, created['request'], f'what {called} names')
    must_equal(request['availability'], 'AVAILABILITY_READY', 'the availability')
    must_equal(request['status'], 'diterima', 'the status')
    must_equal(request['area'], '15.01.06.2010', 'the area')
    must_equal(request['heads'], [created['changeId']], 'the heads')
    for given in new['fields']:
        must_equal(field(request, given['path']), given['value'], f"the field {given['path']}")
    must_equal([one['value'] for one in request['elements']], [{'text': 'Warga menunggu di loket.'}], 'the comments')

    definition = curl.call('tikar.v1.CatalogService/GetDefinition', {'service': 'pengaduan'})
    must_equal(request['definitionHash'], definition['definitionHash'], 'the pinned definition')
    must_equal(len(base64.b64decode(request['stateDigest'])), 16, 'the length of the digest')

    unknown = curl.error('tikar.v1.RequestService/GetRequest', {'name': 'regions/15.01/requests/' + '0' * 32})
    must_equal(unknown['code'], 'not_found', 'the code for a request that is not there')
    refused = curl.error('tikar.v1.RequestService/CreateRequest', {**new, 'area': '15.01.99.9999', 'requestId':
                         '0d5c3bc1-6f7e-4b6b-8c39-0d9f0a8f6a11'})
    must_equal(refused['code'], 'invalid_argument', 'the code for an area that is not there')


def main():
    installed = subprocess.run([ROOT / 'ci/buf/install'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               check=False)
    if installed.returncode == 77:
        print(f'SKIPPED: buf cannot be had here: {installed.stderr.strip()}')
        sys.exit(77)
    must_equal(installed.returncode, 0, f'the exit code of ci/buf/install ({installed.stderr.strip()})')
    with tikard(sys.argv[1]) as address:
        check(Curl(installed.stdout.strip(), address))


run(main)
