#!/usr/bin/env python3
"""500 real requests: imported, imported again, pulled by two phones, edited by both without a signal, converged.

Runs the real tikard, tikar and tikar-field, as people do. The rows are New York's (tests/data/nyc311).
"""

import collections
import csv
import re

from programs import ROOT, run_on_stage

DATA = ROOT / 'tests' / 'data' / 'nyc311'
ROWS = 500
# The whole regency, and the same as the kecamatan that the map names: two scopes, one set of requests.
WHOLE = '15.01'
PARTS = '15.01.02,15.01.04,15.01.05,15.01.06,15.01.09,15.01.16'
EDITED_BY_BOTH = 30
# Of these, so many get two different estimates of the cost, which only a person may choose between.
DISPUTED = 5


def import_once(stage, refused):
    answer = stage.office('requests', 'import', '--map', str(DATA / 'nyc311.map.textproto'), '--refused', str(refused),
                          str(DATA / 'requests-500.csv'))
    stage.check(not refused.exists() or not refused.read_text().strip(), 'no row was refused', answer)
    return answer


def check_imported(stage, server):
    with (DATA / 'requests-500.csv').open(encoding='utf-8-sig', newline='') as file:
        rows = {row['Unique Key']: row for row in csv.DictReader(file)}
    stage.check(len(rows) == ROWS, f'the file has {ROWS} rows', len(rows))
    stage.check(len(server) == ROWS, f'tikar requests list --all shows {ROWS}', len(server))
    # Each row is there as its own request, with its own words and the state that its status says.
    wrong, seen = [], set()
    for ref, request in server.items():
        found = re.search(r'NYC 311 number: (\d+)', request['fields']['deskripsi']['value'])
        row = rows.get(found[1]) if found else None
        if row is None or row['Complaint Type'] not in request['fields']['judul']['value'] or (
                (row['Status'] == 'Closed') != (request['status'] == 'selesai')):
            wrong.append(ref)
        else:
            seen.add(found[1])
    stage.check(not wrong and len(seen) == ROWS, 'each row became one request, with its title and its status', wrong[:5])


def edit_on(phone, ref, number, who):
    """What one officer does to one request; `who` is 0 or 1."""
    word = ('timur', 'barat')[who]
    text = phone.before[ref]['fields']['deskripsi']['value']
    # One writes before the text and one behind it.
    text = f'{text}\nDicek dari {word}.' if who else f'Dicek dari {word}.\n{text}'
    cost = ['--set', f'perkiraan_biaya={1_000_000 * (who + 1)}'] if number < DISPUTED else []
    phone.run('edit', ref, '--set', f'deskripsi={text}', '--set', f'prioritas={(2, 4)[who]}',
              '--set', f'terdampak={("lansia", "pedagang")[who]}', *cost, '--comment', f'Catatan dari {word}.', show=False)


def check_merged(stage, server, before, edited):
    wrong = collections.defaultdict(list)
    for ref in edited:
        request, old = server[ref], before[ref]
        text = old['fields']['deskripsi']['value']
        values = {path: field['value'] for path, field in request['fields'].items()}
        comments = {element['value'] for element in request['elements'].values()}
        if values['deskripsi'] != f'Dicek dari timur.\n{text}\nDicek dari barat.':
            wrong['the text has both edits and what was there'].append((ref, values['deskripsi']))
        if values['prioritas'] != 4:
            wrong['the higher priority counts'].append((ref, values['prioritas']))
        if values['terdampak'] != ['lansia', 'pedagang']:
            wrong['both observations are kept'].append((ref, values['terdampak']))
        if not {'Catatan dari timur.', 'Catatan dari barat.'} <= comments:
            wrong['both comments are there'].append((ref, comments))
        if request['change_count'] != old['change_count'] + 2:
            wrong['two changes more, none lost and none twice'].append((ref, request['change_count']))
    for claim in ('the text has both edits and what was there', 'the higher priority counts', 'both observations are kept',
                  'both comments are there', 'two changes more, none lost and none twice'):
        stage.check(not wrong[claim], f'{len(edited)} requests: {claim}', wrong[claim][:3])
    touched = [ref for ref in before if ref not in edited and server[ref]['state_digest'] != before[ref]['state_digest']]
    stage.check(not touched, 'the other requests are as they were', touched[:5])


def check_conflicts(stage, disputed):
    conflicts = stage.office_read('conflicts', 'list', '--all')['conflicts']
    paths = {(conflict['ref'], conflict['field']['path']) for conflict in conflicts}
    wanted = {(ref.replace('-', ''), 'perkiraan_biaya') for ref in disputed}
    stage.check(paths == wanted, f'{len(disputed)} estimates wait for a person, and nothing else does',
                sorted(paths ^ wanted))
    values = {tuple(sorted(candidate['value'] for candidate in conflict['field']['candidates'])) for conflict in conflicts}
    stage.check(values == {(1_000_000, 2_000_000)}, 'each with both amounts', values)


def play(stage):
    stage.clear()
    stage.start_server()
    tell = stage.narrator
    refused = stage.directory / 'refused.csv'

    tell.chapter('Import')
    import_once(stage, refused)
    before = stage.requests()
    check_imported(stage, before)
    changes = stage.office_read('status')['regions'][0]['changes']

    tell.chapter('Import again')
    import_once(stage, refused)
    stage.check(stage.requests() == before, 'a second run adds nothing: every request is as it was')
    stage.check(stage.office_read('status')['regions'][0]['changes'] == changes, 'and no change is counted twice')

    tell.chapter('Two phones pull them')
    phones = [stage.phone('timur', actor='devices/timur', scope=WHOLE),
              stage.phone('barat', actor='devices/barat', scope=PARTS)]
    for phone in phones:
        phone.run('sync')
        phone.before = phone.requests()
    stage.check_converged(phones, before)

    tell.chapter('Both edit the same requests without a signal')
    edited = sorted(before)[::ROWS // EDITED_BY_BOTH][:EDITED_BY_BOTH]
    for who, phone in enumerate(phones):
        for number, ref in enumerate(edited):
            edit_on(phone, ref, number, who)
        stage.check(phone.status()['unsent'] == len(edited) == EDITED_BY_BOTH,
                    f'{phone.name}: {EDITED_BY_BOTH} changes wait for a signal')
    stage.check(stage.requests() == before, 'the server knows nothing of them')

    tell.chapter('Both sync')
    for phone in (*phones, *phones):
        phone.run('sync')
    after = stage.requests()
    check_merged(stage, after, before, edited)
    check_conflicts(stage, edited[:DISPUTED])
    stage.check_converged(phones, after)

    tell.chapter('The server is stopped and started again')
    stage.stop_server()
    stage.start_server()
    stage.check(stage.requests() == after, f'{ROWS} requests, every byte as before')
    for phone in phones:
        phone.run('sync')
    stage.check_converged(phones, after)


if __name__ == '__main__':
    run_on_stage(play, __doc__)
