#!/usr/bin/env python3
"""tikar-field, where a story does not go: what it says when it cannot, and that nothing is lost by it.

Runs the real tikard, tikar and tikar-field.
"""

import concurrent.futures
import json
import signal
import subprocess

from child_process import die_with_parent
from programs import run_on_stage

SCOPE = '15.01.06'
VILLAGE = '15.01.06.2010'
DONE, FAILED, USAGE, NOT_FOUND, UNREACHABLE = range(5)
LIVE_SECONDS = 60
COMPLAINT = ('create', '--service', 'pengaduan', '--area', VILLAGE, '--set', 'judul=Jembatan putus',
             '--set', 'kategori=Jalan dan jembatan')
LICENCE = ('create', '--service', 'gampil', '--area', VILLAGE, '--set', 'nama_usaha=Warung', '--set',
           'pemilik_nama=Rosmaini', '--set', 'nik=1501064507850003', '--set', 'jenis_usaha=warung', '--set',
           'alamat_usaha=Pasar', '--set', 'lokasi=-1.8527,101.2886', '--set', 'modal=Rp1.000.000', '--set',
           'rekening=1520087764')
SUPERVISOR = {'actor': 'kantor/hasan', 'role': 'penyelia'}


def says(stage, phone, code, words, *arguments):
    """The command ends with `code` and its words hold all of `words`."""
    output = phone.run(*arguments, expect=code)
    missing = [word for word in words if word not in output]
    stage.check(not missing, f'{arguments[-1]}: exit code {code}, "{words[0]}"', output)
    return output


def command_line(stage):
    nobody = stage.phone('baru', actor='x', scope=SCOPE)
    nobody.first = []
    says(stage, nobody, USAGE, ['--actor devices/siti', '--scope 15.01.06'], 'status')
    nobody.first = ['--actor', 'Siti!', '--scope', SCOPE]
    says(stage, nobody, USAGE, ['--actor'], 'status')
    nobody.first = ['--actor', 'devices/siti', '--scope', 'Kerinci']
    says(stage, nobody, USAGE, ['"Kerinci" bukan', 'kode wilayah seperti'], 'status')
    stage.run(['tikar-field', 'status'], expect=USAGE)
    for offset in ('365', '+1y', '++5m', '+999999d', 'd'):
        says(stage, nobody, USAGE, ['+365d'], '--clock-offset', offset, 'status')


def before_the_forms(stage, phone):
    says(stage, phone, NOT_FOUND, ['belum ada formulir', 'sync'], *COMPLAINT)
    says(stage, phone, NOT_FOUND, ['no forms on this phone yet', 'sync'], '--lang', 'en', *COMPLAINT)
    stage.check(phone.status()['unsent'] == 0, 'nothing was queued')
    phone.run('sync')
    says(stage, phone, NOT_FOUND, ['"imb"', 'gampil, ', 'pengaduan'], 'create', '--service', 'imb', '--area', VILLAGE)
    forms = phone.read('forms')['forms']
    stage.check({'gampil', 'pengaduan'} <= {form['service'] for form in forms}, 'the first sync brought the forms', forms)


def judged_on_the_phone(stage, phone):
    wrong = ('create', '--service', 'gampil', '--area', VILLAGE, '--set', 'nik=12', '--set', 'pemilik_nama=Ani')
    says(stage, phone, FAILED, ['nik: NIK pemilik harus 16 angka', 'nama_usaha: Nama usaha wajib diisi'], *wrong)
    says(stage, phone, FAILED, ["nik: Owner's NIK must be 16 digits"], '--lang', 'en', *wrong)
    says(stage, phone, USAGE, ['tidak terbaca'], *COMPLAINT, '--set', 'tanggal_kejadian=kemarin')
    says(stage, phone, USAGE, ['tidak punya bagian "warna"', 'judul'], *COMPLAINT, '--set', 'warna=merah')
    says(stage, phone, USAGE, ['bagian=isi'], *COMPLAINT, '--set', 'judul')
    stage.check(phone.status()['unsent'] == 0 and not phone.requests(), 'nothing of all that was queued')


def server_away(stage, phone):
    stage.stop_server()
    ref = phone.ref_of(phone.run(*COMPLAINT, '--comment', 'Tanpa sinyal'))
    phone.run('edit', ref, '--set', 'prioritas=3', '--set', 'alamat=Dekat SD', '--clear', 'kanal')
    phone.run('edit', ref, '--clear', 'alamat', '--status', 'diverifikasi')
    shown = phone.read('show', ref)
    stage.check(shown['status'] == 'diverifikasi' and shown['fields']['prioritas']['value'] == 3 and
                shown['fields']['alamat']['value'] is None and shown['phone']['unsent'] == 3,
                'edits show at once, marked as unsent', json.dumps(shown))
    says(stage, phone, UNREACHABLE, ['3 perubahan belum terkirim'], 'sync')
    status = phone.status()
    stage.check(status['unsent'] == 3 and status['oldest_unsent_age_ms'] is not None and not status['synced'] and
                status['last_error']['code'] == 'UNAVAILABLE', 'the status says so, too', status)
    says(stage, phone, DONE, ['3 perubahan belum terkirim', 'Upaya terakhir gagal'], 'status')
    # It goes on trying by itself when told to be patient, and finds the server when it comes back.
    # The server is started by this thread, whose child it is: it would end with another one.
    with concurrent.futures.ThreadPoolExecutor(1) as patient:
        synced = patient.submit(says, stage, phone, DONE, ['Terkirim: 3 perubahan'], 'sync', '--patience', '60')
        stage.start_server()
        synced.result()
    stage.check(stage.requests()[ref]['status'] == 'diverifikasi', 'the server has it', ref)
    return ref


def whose_it_is(stage, phone, ref):
    other = stage.phone('siti', actor='', scope='')
    says(stage, other, FAILED, ['devices/siti'], '--actor', 'devices/budi', 'status')
    says(stage, phone, DONE, ['Jembatan putus'], 'show', ref.replace('-', ' ').lower())
    wrong = ref[:-1] + ('0' if ref[-1] != '0' else '1')
    says(stage, phone, USAGE, ['bukan nomor permohonan'], 'show', wrong)
    says(stage, phone, USAGE, ['--set, --clear, --status'], 'edit', ref)
    stranger = stage.phone('jauh', actor='devices/jauh', scope='15.02')
    stranger.run('sync')
    says(stage, stranger, NOT_FOUND, ['tidak ada di telepon ini', 'sync'], 'show', ref)


def live(stage, phone, ref):
    """Another phone stays connected: it sees an edit without asking, and nobody else may open its file."""
    watcher = stage.phone('pemantau', actor='devices/pemantau', scope=SCOPE)
    watcher.run('sync')
    running = subprocess.Popen(
        [str(stage.build / 'clients/field/tikar-field'), '--db', str(watcher.database), '--server',
         f'127.0.0.1:{stage.port}', 'sync', '--live', str(LIVE_SECONDS)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent())
    lines = []

    def wait_for(words):
        for line in running.stdout:
            lines.append(line)
            if words in line:
                return True
        return False

    try:
        stage.check(wait_for('1 permohonan'), 'live: caught up', lines)
        says(stage, watcher, FAILED, ['sedang dibuka oleh proses lain'], 'list')
        phone.run(*COMPLAINT)
        phone.run('sync')
        stage.check(wait_for('2 permohonan'), 'live: a new request comes without asking', lines)
    finally:
        running.send_signal(signal.SIGINT)
        rest, _ = running.communicate(timeout=60)
    stage.check(running.returncode == 0, 'live: Ctrl-C ends it in order', lines + [rest])
    stage.check(len(watcher.requests()) == 2 and ref in watcher.requests(), 'live: what came is kept')


def refused_by_the_server(stage, phone):
    """A head of office pays out by phone while two officers' decisions clash: the server must not."""
    ref = phone.ref_of(phone.run(*LICENCE))
    phone.run('edit', ref, '--status', 'diverifikasi')
    phone.run('sync')
    budi = stage.phone('budi', actor='devices/budi', scope=SCOPE)
    budi.run('sync')
    budi.run('edit', ref, '--status', 'ditolak', '--reason', 'Tidak ada usaha')
    phone.run('edit', ref, '--status', 'disetujui')
    phone.run('sync')
    stage.office('requests', 'edit', ref, '--set', 'bantuan_modal=Rp5.000.000', **SUPERVISOR)

    head = stage.phone('kepala', actor='devices/kepala', scope=SCOPE)
    head.always = ['--role', 'kepala']
    head.run('sync')
    head.run('edit', ref, '--status', 'dicairkan')
    budi.run('sync')
    says(stage, head, DONE, ['1 perubahan perlu perhatian'], 'sync')
    stage.check(stage.requests()[ref]['status'] != 'dicairkan', 'no money has moved')
    items = head.read('attention')['items']
    stage.check(len(items) == 1 and items[0]['reason'] == 'under_review' and
                items[0]['mutations'] == [{'kind': 'transition', 'from': 'disetujui', 'to': 'dicairkan', 'reason': ''}] and
                items[0]['violations'][0]['message_id'], 'the change is kept with all its data and the reason', items)
    says(stage, head, DONE, ['ditolak server', 'Disetujui → Bantuan dicairkan'], 'attention')
    stage.check(not head.status()['synced'], 'the phone does not claim to be synced')
    says(stage, head, NOT_FOUND, ['ffff'], 'attention', '--dismiss', 'ffff' * 8)
    says(stage, head, DONE, ['Tidak ada yang perlu perhatian'], 'attention', '--dismiss', items[0]['change_id'][:8])
    # What the head sees now is the conflict; the form's rules hold before anything is queued.
    says(stage, head, FAILED, ['status'], 'edit', ref, '--status', 'terbit')
    head.run('sync')
    stage.office('conflicts', 'resolve', ref, 'status', '--value', 'disetujui', '--reason', 'Usaha ada', **SUPERVISOR)
    for each in (phone, budi, head):
        each.run('sync')
    stage.check_converged([phone, budi, head], stage.requests('--area', SCOPE))


def play(stage):
    stage.clear()
    stage.start_server()
    phone = stage.phone('siti', actor='devices/siti', scope=SCOPE)
    command_line(stage)
    before_the_forms(stage, phone)
    judged_on_the_phone(stage, phone)
    ref = server_away(stage, phone)
    whose_it_is(stage, phone, ref)
    live(stage, phone, ref)
    refused_by_the_server(stage, phone)


if __name__ == '__main__':
    run_on_stage(play, __doc__)
