#!/usr/bin/env python3
"""A phone in 200 lines of Python: Debian's grpcio and what protoc makes of proto/, nothing of ours.

  interop_python.py TIKARD GENERATED

GENERATED holds the messages as protoc --python_out made them. Every id is computed here anew from what
docs and protos say, with Python's own SHA-256: whether the server agrees is what is tested.
"""

import hashlib
import os
import sys
import time

try:
    import google.protobuf
    import grpc
except ImportError as missing:
    print(f'SKIPPED: {missing}; ci/install-packages brings python3-grpcio and python3-protobuf')
    sys.exit(77)

from interop_tikard import must, must_equal, run, tikard

sys.path.insert(0, sys.argv[2])
from tikar.v1 import catalog_service_pb2, change_pb2, entry_pb2, request_pb2, sync_service_pb2  # noqa: E402

ACTOR = 'hp-python'
CALL_SECONDS_MAX = 60
CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'


def change_id_of(body):
    """The first 16 bytes of the SHA-256 of the body."""
    return hashlib.sha256(body).digest()[:16]


def request_id_of(body, milliseconds):
    """A UUIDv7 (RFC 9562): 48 bits of time, the version, 12 bits, the variant, 62 bits; the bits of the hash."""
    digest = hashlib.sha256(body).digest()
    uuid = int.from_bytes(milliseconds.to_bytes(6, 'big') + digest[6:16], 'big')
    uuid = uuid & ~(0xF << 76) | 0x7 << 76
    uuid = uuid & ~(0x3 << 62) | 0x2 << 62
    return uuid.to_bytes(16, 'big')


def ref_of(request_id):
    """The last 50 bits in Crockford's base32, without the check character."""
    bits = int.from_bytes(request_id, 'big')
    return ''.join(CROCKFORD[bits >> shift & 31] for shift in range(45, -5, -5))


def body_of(milliseconds, role, mutations, request_id=b'', parents=()):
    body = change_pb2.ChangeBody(region='15.01', actor=ACTOR, role=role, hlc=milliseconds << 16, nonce=os.urandom(8),
                                 request_id=request_id, parents=sorted(parents), mutations=mutations)
    return body.SerializeToString(deterministic=True)


def text(path, value):
    mutation = change_pb2.Mutation()
    mutation.set_field.path = path
    mutation.set_field.value.text = value
    return mutation


def new_complaint(milliseconds, definition_hash, role):
    create = change_pb2.Mutation()
    create.create.definition_hash = definition_hash
    create.create.service = 'pengaduan'
    create.create.version = 1
    create.create.area = '15.01.06.2010'
    comment = change_pb2.Mutation()
    comment.add_element.collection = 'comments'
    comment.add_element.value.text = 'Foto menyusul.'
    return body_of(milliseconds, role, [create, text('judul', 'Lampu jalan padam'),
                                        text('kategori', 'penerangan_jalan'), comment])


class Phone:
    def __init__(self, channel):
        self._sync = channel.stream_stream(
            '/tikar.v1.SyncService/Sync',
            request_serializer=sync_service_pb2.SyncRequest.SerializeToString,
            response_deserializer=sync_service_pb2.SyncResponse.FromString)
        self.cursor = b''

    def sync(self, bodies, definition_hashes=()):
        """A short sync: hello and one push go up, then half-close. Returns welcome, results and batches."""
        hello = sync_service_pb2.SyncRequest()
        hello.hello.protocol_version = 1
        hello.hello.actor = ACTOR
        hello.hello.device_time_ms = time.time_ns() // 1_000_000
        hello.hello.scope.append('15.01.06')
        hello.hello.cursor = self.cursor
        hello.hello.definition_hashes.extend(definition_hashes)
        hello.hello.client_version = 'python/interop'
        requests = [hello]
        if bodies:
            push = sync_service_pb2.SyncRequest()
            for body in bodies:
                push.push.changes.add(body=body)
            requests.append(push)
        responses = list(self._sync(iter(requests), timeout=CALL_SECONDS_MAX))
        kinds = [response.WhichOneof('kind') for response in responses]
        must(kinds and kinds[0] == 'welcome' and kinds.count('welcome') == 1, f'the responses are {kinds}')
        must_equal(kinds.count('push_result'), 1 if bodies else 0, 'the number of push results')
        batches = [response.batch for response in responses if response.WhichOneof('kind') == 'batch']
        must(batches and batches[-1].caught_up, 'the call ended before the phone had caught up')
        must_equal([batch.batch_number for batch in batches], list(range(1, len(batches) + 1)), 'the batch numbers')
        self.cursor = batches[-1].cursor
        results = [result for response in responses if response.WhichOneof('kind') == 'push_result'
                   for result in response.push_result.results]
        must_equal([result.change_id for result in results], [change_id_of(body) for body in bodies],
                   'the changes that were answered')
        return responses[0].welcome, results, batches


def definition_of(channel, service):
    """Its hash, checked against its bytes."""
    call = channel.unary_unary(
        '/tikar.v1.CatalogService/GetDefinition',
        request_serializer=catalog_service_pb2.GetDefinitionRequest.SerializeToString,
        response_deserializer=catalog_service_pb2.GetDefinitionResponse.FromString)
    answer = call(catalog_service_pb2.GetDefinitionRequest(service=service), timeout=CALL_SECONDS_MAX)
    must_equal(hashlib.sha256(answer.definition_bytes.body).digest(), answer.definition_hash,
               'the hash of the definition')
    return answer.definition_hash


def requests_in(batches):
    return [request for batch in batches for request in batch.requests]


def check(channel):
    pinned = definition_of(channel, 'pengaduan')
    phone = Phone(channel)
    now = time.time_ns() // 1_000_000

    # A complaint, and one that this role may never file: a bad change does not stop the good one.
    good = new_complaint(now, pinned, 'petugas')
    bad = new_complaint(now, pinned, 'kepala')
    welcome, (taken, refused), batches = phone.sync([good, bad])
    must(abs(welcome.server_time_ms - now) < 60_000, "the server's clock is not this machine's")
    must_equal(taken.verdict, entry_pb2.VERDICT_ACCEPTED, 'the verdict')
    must_equal((taken.origin, taken.seq, taken.duplicate), (welcome.origin, 1, False), 'where the change was logged')
    must_equal(taken.request_id, request_id_of(good, now), 'the request id')
    must_equal(refused.verdict, entry_pb2.VERDICT_VOID, "the verdict on the head's complaint")
    must_equal(refused.reason, entry_pb2.REFUSAL_REASON_ROLE, 'the reason')
    must(all(one.message_id and one.message_en for one in refused.violations) and refused.violations,
         'the officer is not told why, in two languages')

    known = [hashlib.sha256(definition.body).digest() for batch in batches for definition in batch.definitions]
    must_equal(len(set(known)), len(known), 'the number of definitions that were sent once')
    offers = {offer.service: offer.definition_hash for batch in batches for offer in batch.offers}
    must_equal(offers['pengaduan'], pinned, 'what is offered for complaints')
    must_equal(sorted(known), sorted(offers.values()), 'the definitions that were sent, against those offered')
    ready = [one for one in requests_in(batches) if one.availability == request_pb2.AVAILABILITY_READY]
    must_equal(len(ready), 1, 'the number of requests that came')
    request = ready[0]
    must_equal(request.name, f'regions/15.01/requests/{request_id_of(good, now).hex()}', 'the name')
    must_equal(request.ref[:10], ref_of(request_id_of(good, now)), 'the ref')
    must_equal(list(request.heads), [change_id_of(good)], 'the heads')
    must_equal(request.status, 'diterima', 'the status')
    must_equal(request.definition_hash, pinned, 'the pinned definition')
    fields = {field.path: field.value.text for field in request.fields}
    must_equal(fields['judul'], 'Lampu jalan padam', 'the title')
    must_equal([element.path for element in request.elements], [f'comments/{change_id_of(good).hex()}.3'],
               'the comments')
    must(request.feed_position >= taken.feed_position, 'the state does not contain the own change')

    # The cursor resumes to nothing new.
    _, _, batches = phone.sync([], definition_hashes=known)
    must_equal(requests_in(batches), [], 'what is new after everything came')

    # An edit on top of it, and the first change once more: a retry.
    edit = body_of(now + 1000, 'petugas', [text('judul', 'Lampu jalan padam sejak Senin')],
                   request_id=taken.request_id, parents=[change_id_of(good)])
    _, (edited, retried), batches = phone.sync([edit, good], definition_hashes=known)
    must_equal((edited.verdict, edited.duplicate), (entry_pb2.VERDICT_ACCEPTED, False), 'the edit')
    must_equal((retried.verdict, retried.duplicate, retried.seq), (entry_pb2.VERDICT_ACCEPTED, True, taken.seq),
               'the retry')
    must_equal([definition for batch in batches for definition in batch.definitions], [],
               'the definitions that the phone has already')
    (changed,) = requests_in(batches)
    must_equal(list(changed.heads), [change_id_of(edit)], 'the heads after the edit')
    must_equal({field.path: field.value.text for field in changed.fields}['judul'], 'Lampu jalan padam sejak Senin',
               'the title after the edit')
    must(changed.state_digest != request.state_digest and changed.change_count == 2, 'the edit is not in the state')


def main():
    print(f'grpcio {grpc.__version__}, protobuf {google.protobuf.__version__}')
    with tikard(sys.argv[1]) as address:
        with grpc.insecure_channel(address) as channel:
            check(channel)


run(main)
