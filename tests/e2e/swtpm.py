"""A TPM of software for end-to-end tests: its own state and endorsement certificate, two ports that nobody else has."""
import os
import shutil
import socket
import subprocess
import time


def missing(*more):
    """The first program of a test with TPMs that is not there; None: all are."""
    return next((p for p in ('swtpm', 'swtpm_setup', 'swtpm_localca', 'tpm2_quote', *more) if shutil.which(p) is None), None)


def free_ports():
    """Two free ports in a row: the TCTI takes the control channel to be the next one."""
    for port in range(30000 + os.getpid() * 2 % 20000, 60000, 2):
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(('127.0.0.1', p))
            return port
        except OSError:
            continue
    return 0


class Tpm:
    """swtpm with a certificate of its endorsement key, by a local authority below `home`."""
    def __init__(self, home, name):
        self.state = home / name
        self.state.mkdir()
        ca = home / 'ca'
        ca.mkdir(exist_ok=True)
        (home / 'localca.conf').write_text(f'statedir = {ca}\nsigningkey = {ca}/key.pem\nissuercert = {ca}/cert.pem\n'
                                           f'certserial = {ca}/serial\n')
        (home / 'localca.options').write_text('--platform-manufacturer Test\n--platform-version 1\n--platform-model Test\n')
        (home / 'setup.conf').write_text(f'create_certs_tool = {shutil.which("swtpm_localca")}\n'
                                         f'create_certs_tool_config = {home}/localca.conf\n'
                                         f'create_certs_tool_options = {home}/localca.options\n')
        made = subprocess.run(['swtpm_setup', '--tpm2', '--config', home / 'setup.conf', '--tpmstate', self.state,
                               '--create-ek-cert', '--overwrite'], capture_output=True, text=True)
        if made.returncode != 0:
            raise OSError(made.stdout[-300:])
        self.start()

    def start(self):
        """Power on: registers are what they are after a restart of the machine."""
        for _ in range(10):
            port = free_ports()
            self.process = subprocess.Popen(['swtpm', 'socket', '--tpm2', '--flags', 'not-need-init,startup-clear', '--server',
                                             f'type=tcp,port={port}', '--ctrl', f'type=tcp,port={port + 1}', '--tpmstate',
                                             f'dir={self.state}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.tcti = f'swtpm:host=127.0.0.1,port={port}'
            if self.answers(port + 1):
                return
            self.stop()
        raise OSError('swtpm does not start')

    def answers(self, port):
        while self.process.poll() is None:
            try:
                socket.create_connection(('127.0.0.1', port)).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait()
