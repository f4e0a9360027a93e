
:Blabels