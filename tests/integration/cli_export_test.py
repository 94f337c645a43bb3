#!/usr/bin/env python3
"""`tikar export`: 500 real requests as GeoJSON and CSV, read by Python's own parsers; what is personal stays inside."""

import csv
import io
import json
import os

from programs import ROOT, run_on_stage

DATA = ROOT / 'tests' / 'data' / 'nyc311'
ROWS = 500
NIK = '1501064501850001'
OWNER = 'Siti Aminah'


def import_rows(stage):
    stage.office('requests', 'import', '--map', str(DATA / 'nyc311.map.textproto'), '--refused',
                 str(stage.directory / 'refused.csv'), str(DATA / 'requests-500.csv'), show=False)


def exported(stage, *arguments, expect=0):
    """What it writes; the stage reads it as text."""
    return stage.office('export', *arguments, expect=expect, show=False)


def exported_bytes(stage, *arguments):
    file = stage.directory / 'bytes'
    exported(stage, *arguments, '--file', str(file))
    return file.read_bytes().decode()


def geojson(stage, server):
    file = stage.directory / 'peta.geojson'
    file.write_text('what was there before')
    told = stage.office_read('export', '--format', 'geojson', '--file', str(file))
    stage.check(told == {'file': str(file), 'format': 'geojson', 'requests': ROWS, 'without_fields': 0,
                         'personal': False}, 'it tells what it wrote', told)
    collection = json.loads(file.read_text(encoding='utf-8'))
    stage.check(collection['type'] == 'FeatureCollection' and len(collection['features']) == ROWS,
                f'{ROWS} features in one collection', collection.keys())
    wrong, places = [], 0
    for feature in collection['features']:
        request = server[feature['properties']['ref']]
        place = request['fields'].get('lokasi', {}).get('value')
        geometry = feature['geometry']
        places += geometry is not None
        expected = None if place is None else {'type': 'Point', 'coordinates': [place['longitude'], place['latitude']]}
        near = geometry == expected or (geometry and expected and all(
            abs(a - b) < 1e-9 for a, b in zip(geometry['coordinates'], expected['coordinates'])))
        properties = feature['properties']
        if feature['type'] != 'Feature' or not near or properties['status'] != request['status'] or (
                properties['judul'] != request['fields']['judul']['value']):
            wrong.append(feature)
    stage.check(not wrong, 'each at its place, longitude first, with its fields', wrong[:2])
    stage.check(0 < places, f'{places} of them are on the map')
    stage.check({path.name for path in stage.directory.iterdir() if 'peta' in path.name} == {'peta.geojson'},
                'and nothing is left beside the file')
    return places


def as_csv(stage, server, places):
    text = exported_bytes(stage, '--format', 'csv', '--service', 'pengaduan', '--lang', 'id')
    stage.check(text.count('\r\n') >= ROWS + 1 and text.endswith('\r\n'), 'lines end as RFC 4180 says')
    rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))
    stage.check(len(rows) == ROWS and {row['ref'] for row in rows} == set(server), f'{ROWS} rows')
    wrong = [row['ref'] for row in rows
             if row['judul'] != server[row['ref']]['fields']['judul']['value'] or None in row or None in row.values()]
    stage.check(not wrong, 'as many cells as columns, with what people wrote', wrong[:3])
    stage.check(sum(row['lokasi.latitude'] != '' for row in rows) == places, 'with the places of the map')
    stage.check({row['status_label'] for row in rows} >= {'Selesai'}, 'labels in the language that was asked for')
    done = exported(stage, '--format', 'csv', '--service', 'pengaduan', '--status', 'selesai')
    listed = stage.office_read('requests', 'list', '--service', 'pengaduan', '--status', 'selesai', '--all')['requests']
    found = {row['ref'] for row in csv.DictReader(io.StringIO(done, newline=''))}
    stage.check(found == {request['ref'] for request in listed} and 0 < len(found) < ROWS,
                'the filters are those of list')
    before = exported(stage, '--format', 'csv', '--service', 'pengaduan', '--as-of', '2020-01-01')
    stage.check(before.count('\n') == 1, 'nothing of it had been received then: only the head', before[:200])


def personal(stage):
    made = stage.office_read(
        'requests', 'create', '--service', 'gampil', '--area', '15.01.06', '--role', 'petugas', '--set',
        'nama_usaha==1+1', '--set', f'pemilik_nama={OWNER}', '--set', f'nik={NIK}', '--set', 'jenis_usaha=kuliner',
        '--set', 'alamat_usaha=Siulak', '--set', 'lokasi=-1.8113,101.2951', '--set', 'modal=Rp5.000.000',
        '--comment', 'Bu Siti sudah tua')
    for shape in ('geojson', 'csv'):
        text = exported(stage, '--format', shape, '--service', 'gampil')
        stage.check(made['ref'] in text and OWNER not in text and NIK not in text and 'sudah tua' not in text,
                    f'{shape}: neither name nor NIK nor comments', text)
        text = exported(stage, '--format', shape, '--service', 'gampil', '--personal')
        stage.check(OWNER in text and NIK in text and 'sudah tua' not in text, f'{shape}: --personal prints them', text)
    row = next(csv.DictReader(io.StringIO(exported(stage, '--format', 'csv', '--service', 'gampil'), newline='')))
    stage.check(row['nama_usaha'] == "'=1+1" and row['modal'] == '5000000', 'no formula, and numbers are numbers', row)
    file = stage.directory / 'penerima.csv'
    answer = stage.office('export', '--format', 'csv', '--service', 'gampil', '--personal', '--file', str(file))
    stage.check('personal data' in answer and file.stat().st_mode & 0o777 == 0o600,
                'a file with them is for its owner alone, and it says so', answer)
    help_text = stage.office('export', '--help')
    stage.check('PERSONAL DATA' in help_text and 'Examples' in help_text, 'the help says what --personal prints',
                help_text)


def failures(stage):
    file = stage.directory / 'tetap.csv'
    file.write_text('what was there before')
    exported(stage, '--format', 'csv', '--file', str(stage.directory / 'tidak' / 'ada.csv'), expect=2)
    exported(stage, '--format', 'xlsx', expect=2)
    exported(stage, '--format', 'csv', '--output', 'json', expect=2)
    nothing = exported(stage, '--format', 'geojson', '--text', 'tidak ada yang menulis ini')
    stage.check(json.loads(nothing) == {'type': 'FeatureCollection', 'features': []}, 'no requests are no features',
                nothing)
    stage.stop_server()
    exported(stage, '--format', 'csv', '--file', str(file), expect=4)
    stage.check(file.read_text() == 'what was there before' and
                not [name for name in os.listdir(stage.directory) if name.startswith('tetap.csv.')],
                'what fails leaves the file as it was, and nothing beside it')


def play(stage):
    stage.clear()
    stage.start_server()
    import_rows(stage)
    server = {request['ref']: request for request in stage.requests().values()}
    places = geojson(stage, server)
    as_csv(stage, server, places)
    personal(stage)
    failures(stage)


if __name__ == '__main__':
    run_on_stage(play, __doc__)
