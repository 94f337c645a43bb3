#!/usr/bin/env python3
"""Bandung's hayu in Kerinci: adopted, forked, upgraded upstream, taken over part by part, open requests moved.

Phones follow: each files with what the region of its village offers, also without a signal.

Runs the real tikard, tikar and tikar-field, as people do. Amati, tiru, modifikasi: look, copy, change.
"""

import re

from programs import ROOT, run_on_stage, spoken

BANDUNG, KERINCI, JAMBI = '32.73', '15.01', '15.71'
IN_KERINCI, IN_JAMBI = '15.01.06.2010', '15.71.01'
NOT_FOUND = 3
CATALOGUED = ROOT / 'catalog' / 'services' / 'hayu.textproto'
# Kerinci wants the family card's number too, and has three days for the papers where Bandung has two.
FAMILY_CARD = '''
fields {
  key: "nomor_kk"
  type: FIELD_TYPE_TEXT
  label { id: "Nomor kartu keluarga" en: "Number of the family card" }
  policy: POLICY_REVIEW
  length_max: 16
  pattern: "[0-9]{16}"
  pattern_message { id: "Tulis 16 angka." en: "Write 16 digits." }
  personal: true
}
'''
PAPERS_CLOCK = {f'service_levels/berkas/{part}' for part in ('label/id', 'label/en', 'working_days')}
NAME_LENGTH = 'fields/nama_usaha/length_max'
FORM = {'jenis_izin': 'siup', 'nama_usaha': 'Toko Semurup', 'pemohon_nama': 'Pak Amir',
        'pemohon_nik': '1501060302750002', 'modal': 'Rp499.999.999', 'alamat': 'Pasar Semurup 12'}


def change(text, pattern, replacement):
    """The definition with one place changed; a pattern that fits none, or several, is a mistake of this test."""
    changed, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
    assert count == 1, f'{pattern} fits {count} places'
    return changed


def set_papers_clock(text, days):
    """The clock of the papers runs so many days, and says so in both languages."""
    begin = text.index('key: "berkas"')
    end = text.index('}\n', text.index('working_days: ', begin))
    clock, count = re.subn(r'\d+(?= hari kerja| working days)|(?<=working_days: )\d+', str(days), text[begin:end])
    assert count == 3, f'{count} places tell the days'
    return text[:begin] + clock + text[end:]


class Kerinci:
    """The office of Kerinci and what it wants of the server."""

    def __init__(self, stage):
        self.stage = stage
        self.check = stage.check

    def catalog(self, *arguments, **options):
        return self.stage.office('catalog', *arguments, **options)

    def read(self, *arguments):
        return self.stage.office_read('catalog', *arguments)

    def show(self, ref):
        return self.stage.office_read('requests', 'show', ref)

    def hash_of(self, name):
        return self.read('show', name)['definition_hash']

    def publish(self, name, text):
        path = self.stage.directory / name
        path.write_text(text)
        return self.catalog('publish', str(path))

    def file(self, business, **more):
        form = {**FORM, 'nama_usaha': business, **more}
        made = self.stage.office_read(
            '--actor', 'hp-ani', '--role', 'petugas', 'requests', 'create', '--service', 'hayu', '--area', '15.01.06',
            *(word for key, value in form.items() for word in ('--set', f'{key}={value}')))
        return spoken(made['ref'])

    def edit(self, ref, *arguments, role='operator', expect=0):
        return self.stage.office('requests', 'edit', ref, *arguments, actor=f'kantor/{role}', role=role, expect=expect)


def file_on(phone, area, business, expect=0, **more):
    """A request made on a phone, wherever it is. The number that the citizen gets, or what the phone says instead."""
    form = {**FORM, 'nama_usaha': business, **more}
    said = phone.run('create', '--service', 'hayu', '--area', area,
                     *(word for key, value in form.items() for word in ('--set', f'{key}={value}')), expect=expect)
    return phone.ref_of(said) if expect == 0 else said


def phones_before_the_fork(kerinci, phone, other):
    """Two phones that take the forms along while both regions use Bandung's."""
    said = file_on(other, IN_JAMBI, 'Toko Terlalu Awal', expect=NOT_FOUND)
    kerinci.check('belum ada formulir' in said and 'sync' in said, 'a phone that never synced asks for a sync', said)
    for each in (phone, other):
        each.run('sync')
    offered = {form['service']: form for form in phone.read('forms')['forms']}['hayu']
    kerinci.check((offered['definition_hash'], offered['regions']) == (kerinci.hash_of(f'{BANDUNG}/hayu@2'), [KERINCI]),
                  'the phone in Kerinci holds what Kerinci adopted', offered)
    said = phone.run('create', '--service', 'imb', '--area', IN_KERINCI, expect=NOT_FOUND)
    kerinci.check('"imb" tidak ditawarkan di 15.01' in said and 'hayu' in said, 'it names the services of Kerinci', said)
    said = phone.run('--lang', 'en', 'create', '--service', 'hayu', '--area', IN_JAMBI, expect=NOT_FOUND)
    kerinci.check('does not know yet which services 15.71 offers' in said, 'and says that it knows nothing of Jambi', said)


def phones_after_the_fork(kerinci, phone, other):
    """Until they sync they file by what they know; then Kerinci's phone by the fork, the other one as before."""
    check = kerinci.check
    unaware = file_on(phone, IN_KERINCI, 'Toko Tanpa Sinyal')
    for each in (phone, other):
        each.run('sync')
    here = file_on(phone, IN_KERINCI, 'Toko Ladang', nomor_kk='1501060302750003')
    there = file_on(other, IN_JAMBI, 'Toko Tepi Batanghari')
    refused = other.run('create', '--service', 'hayu', '--area', IN_JAMBI, '--set', 'nomor_kk=1501060302750003', expect=2)
    check('nomor_kk' in refused, 'Jambi\'s form has no family card', refused)
    for each in (phone, other):
        each.run('sync')
        check(each.status()['synced'] and each.status()['needs_attention'] == 0, f'{each.name}: all is taken')
    pinned = {ref: request['definition_hash'] for ref, request in kerinci.stage.requests().items()}
    check(pinned[here] == kerinci.hash_of(f'{KERINCI}/hayu@1'), 'a phone in Kerinci files with Kerinci\'s fork', pinned[here])
    check(pinned[there] == kerinci.hash_of(f'{BANDUNG}/hayu@1') == kerinci.hash_of(f'{JAMBI}/hayu'),
          'a phone in Jambi files with Bandung\'s first, which Jambi offers', pinned[there])
    check(pinned[unaware] == kerinci.hash_of(f'{BANDUNG}/hayu@2'), 'what was filed before the news keeps its form', pinned)
    # Done, so that the story below is about the others.
    for ref in (unaware, here):
        kerinci.edit(ref, '--set', 'lokasi=-1.7021,101.3144', '--status', 'terdaftar', role='petugas')


def publish_and_adopt(kerinci):
    """Bandung's second version, which Kerinci takes as it is. Returns it."""
    check = kerinci.check
    text = CATALOGUED.read_text()
    answer = kerinci.catalog('publish', str(CATALOGUED))
    check('was published already' in answer, 'what the catalogue holds is published: the same bytes, the same definition',
          answer)
    second = change(text, r'\nversion: 1\n', '\nversion: 2\n')
    second = change(second, 'Hayu: perizinan daring', 'Hayu: perizinan satu pintu')
    kerinci.publish('hayu-2.textproto', second)
    before = kerinci.file('Toko Lama')
    check(kerinci.show(before)['definition_hash'] == kerinci.hash_of(f'{BANDUNG}/hayu@1'),
          'published is not adopted: Kerinci still offers the first')
    kerinci.catalog('adopt', 'hayu', '--from', f'{BANDUNG}@2', '--region', 'Kabupaten Kerinci')
    return second, before


def fork(kerinci):
    """Kerinci's own: another field and another clock. Returns the file's text."""
    path = kerinci.stage.directory / 'kerinci.textproto'
    kerinci.catalog('fork', 'hayu', '--from', BANDUNG, '--region', KERINCI, '--note', 'Kartu keluarga, tiga hari',
                    '--out', str(path))
    text = set_papers_clock(path.read_text(), 3) + FAMILY_CARD
    path.write_text(text)
    checked = kerinci.catalog('check', str(path))
    kerinci.check('0 errors, 0 warnings' in checked, 'the fork is sound', checked)
    kerinci.catalog('publish', str(path))
    kerinci.catalog('adopt', 'hayu', '--from', f'{KERINCI}@1', '--region', KERINCI)
    differing = {entry['path'] for entry in kerinci.read('diff', f'{BANDUNG}/hayu@2', f'{KERINCI}/hayu')['differences']}
    own_field = {entry for entry in differing if entry.split('/')[:2] == ['fields', 'nomor_kk']}
    kerinci.check(own_field and differing - own_field == PAPERS_CLOCK,
                  'the fork differs in the field and the clock, and in nothing else', differing)


def upgrade(kerinci, second):
    """Bandung goes on; Kerinci takes that over, but for its own clock."""
    check = kerinci.check
    third = change(second, r'\nversion: 2\n', '\nversion: 3\n')
    third = change(third, r'(key: "nama_usaha".*?length_max: )120', r'\g<1>150')
    third = set_papers_clock(third, 1)
    kerinci.publish('hayu-3.textproto', third)

    upstream = {entry['path']: (entry['before'], entry['after'])
                for entry in kerinci.read('diff', f'{BANDUNG}/hayu@2', f'{BANDUNG}/hayu@newest')['differences']}
    check(set(upstream) == {NAME_LENGTH} | PAPERS_CLOCK and upstream[NAME_LENGTH] == ('120', '150'),
          'what upstream changed since the fork is a length and a clock', upstream)
    asked = kerinci.catalog('upgrade', 'hayu', '--region', KERINCI, expect=1)
    check(set(re.findall(r'--take (\S+)=theirs', asked)) == PAPERS_CLOCK, 'the clock, which both changed, is asked for',
          asked)
    check(kerinci.read('show', f'{KERINCI}/hayu')['version'] == 1, 'and nothing is published meanwhile')
    ours = [word for path in sorted(PAPERS_CLOCK) for word in ('--take', f'{path}=ours')]
    done = kerinci.read('upgrade', 'hayu', '--region', KERINCI, '--note', 'Dari Bandung', *ours)
    check(done['adopted'] and done['result'] == f'{KERINCI}/hayu@2', 'with that said, the second fork is offered', done)
    check([step['path'] for step in done['taken']] == [NAME_LENGTH] and not done['conflicts'],
          'the longer name is taken from Bandung', done['taken'])

    now = kerinci.read('show', f'{KERINCI}/hayu')
    days = {level['key']: level['working_days'] for level in now['service_levels']}
    check(days['berkas'] == 3, 'the three days stay', days)
    check(any(field['key'] == 'nomor_kk' for field in now['fields']), 'and so does the family card')
    chain = [(origin['publisher'], origin['version']) for origin in now['provenance']]
    check(chain == [(BANDUNG, 3), (BANDUNG, 2)], 'its provenance names both, the newest first', chain)
    check(kerinci.read('upgrade', 'hayu', '--region', KERINCI)['current'], 'there is nothing more to take over')


def move_open_requests(kerinci, refs, closed, phone):
    """Rebase: by those who may, with all their data, and beside what an officer writes without a signal."""
    check, stage = kerinci.check, kerinci.stage
    target = kerinci.hash_of(f'{KERINCI}/hayu')
    before = stage.requests()
    pinned = {ref: before[ref]['definition_hash'] for ref in (*refs, closed)}
    check(len({pinned[ref] for ref in refs}) == 4, 'four open requests are on four definitions', pinned)
    rebase = ('rebase', '--service', 'hayu', '--region', KERINCI)
    planned = kerinci.read(*rebase, '--dry-run')
    check((planned['open'], planned['moved'], planned['already_there']) == (4, 3, 1), 'three would be moved', planned)
    kerinci.catalog(*rebase, role='petugas', actor='hp-ani', expect=1)
    check(stage.requests() == before, 'neither a dry run nor an officer moves any')

    # Who has no signal knows nothing of it.
    phone.run('edit', refs[1], '--set', 'nama_usaha=Toko Fork Baru', '--comment', 'Papan nama sudah diganti.')
    moved = stage.read(['tikar', '--actor', 'kantor/penyelia', '--role', 'penyelia', 'catalog', *rebase])
    check((moved['moved'], moved['already_there'], moved['left']) == (3, 1, []), 'the head of the desk moves them', moved)
    after = stage.requests()
    for ref in refs:
        check(after[ref]['definition_hash'] == target, f'{ref} is on {KERINCI}/hayu@2', after[ref]['definition_hash'])
        kept = {path: field['value'] for path, field in after[ref]['fields'].items() if not path.startswith('@')}
        held = {path: field['value'] for path, field in before[ref]['fields'].items() if not path.startswith('@')}
        check((kept, after[ref]['status']) == (held, before[ref]['status']), f'{ref} keeps its data and its status',
              (kept, held))
    check(after[closed] == before[closed], f'{closed}, which is closed, stays as it is')
    again = stage.read(['tikar', '--actor', 'kantor/penyelia', '--role', 'penyelia', 'catalog', *rebase])
    check((again['moved'], again['already_there']) == (0, 4), 'a second run moves nothing', again)

    phone.run('sync')
    phone.run('sync')
    merged = kerinci.show(refs[1])
    check(merged['definition_hash'] == target and merged['fields']['nama_usaha']['value'] == 'Toko Fork Baru',
          'the edit from the field stands beside the move', merged)
    check(not merged['reviews'], 'and nobody has to settle anything', merged['reviews'])
    stage.check_converged([phone], stage.requests('--area', KERINCI))


def play(stage):
    stage.clear()
    stage.start_server()
    tell = stage.narrator
    kerinci = Kerinci(stage)
    check = stage.check
    phone = stage.phone('ani', actor='hp-ani', scope=KERINCI)
    other = stage.phone('joko', actor='hp-joko', scope=JAMBI)

    tell.chapter('Bandung publishes, Kerinci adopts')
    second, on_first = publish_and_adopt(kerinci)
    on_second = kerinci.file('Toko Salinan')
    closed = kerinci.file('Toko Terdaftar')
    kerinci.edit(closed, '--set', 'lokasi=-1.7021,101.3144', '--status', 'terdaftar', role='petugas')
    check(kerinci.show(closed)['definition_hash'] == kerinci.hash_of(f'{BANDUNG}/hayu@2'), 'new requests pin what it adopted')

    phones_before_the_fork(kerinci, phone, other)

    tell.chapter('Kerinci forks')
    fork(kerinci)
    phones_after_the_fork(kerinci, phone, other)
    on_fork = kerinci.file('Toko Cabang', nomor_kk='1501060302750009')
    kerinci.edit(on_second, '--status', 'dikembalikan', '--reason', 'KTP buram')
    refused = kerinci.edit(on_second, '--set', 'nomor_kk=1501060302750009', expect=2)
    check('nomor_kk' in refused, 'an open request stays on its definition, which has no such field', refused)
    phone.run('sync')

    tell.chapter('Bandung goes on, Kerinci upgrades')
    upgrade(kerinci, second)
    on_upgrade = kerinci.file('Toko Serba Ada Semurup Jaya Abadi ' * 4)

    tell.chapter('The open requests move')
    move_open_requests(kerinci, [on_first, on_second, on_fork, on_upgrade], closed, phone)
    kerinci.edit(on_second, '--set', 'nomor_kk=1501060302750009', '--status', 'diajukan')
    check(kerinci.show(on_second)['fields']['nomor_kk']['value'] == '1501060302750009',
          'what was moved takes the fork\'s field, and goes on from where it stood')

    tell.chapter('The server is stopped and started again')
    requests, listed = stage.requests(), kerinci.read('list')
    stage.stop_server()
    stage.start_server()
    check(stage.requests() == requests, 'every request as before')
    check(kerinci.read('list') == listed, 'every definition and every adoption as before')


if __name__ == '__main__':
    run_on_stage(play, __doc__)
