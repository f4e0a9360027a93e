print "x", `y`
exec "1" in d
raise E, "m"
if a <> 0777: print >>f, ur"\u0041"
