"""Function words: they hold a sentence together and name nothing. Of some languages of Europe; the lists are short, and
leave out what is a noun in another of these languages ("war", "die", "son")."""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """
    a about after again all also an and any are as at be been before being but by can could did do does doing for from
    had has have having he her hers him his how i if in into is it its just may me might more most my no nor not of off
    on once only or other our out over own shall she should so some such than that the their them then there these they
    this those through to too under until up very was we were what when where which while who whom whose why will with
    would you your
    aber als auch auf aus bei bin bis das dass dein dem den der des doch du durch ein eine einem einen einer eines er es
    für gegen hat habe haben hatte ich ihr ihre im ist ja kann kein keine man mein mich mir mit nach nicht noch nur ob
    oder ohne sehr sein seine sich sie sind so über um und uns unter vom von vor wenn wie wir wird wurde zu zum zur
    au aux avec ce cette ces dans de du elle en est et il ils je la le les leur lui mais ne nous ou où par pas pour que
    qui sa sans ses sur tu un une vous
    al como con cuando del desde el ella ellos era es está este esta hay las los lo más muy nos para pero por porque
    que se sin sobre su sus también una uno y
    che chi come da dal dei della delle di è gli ho io mi nel nella non per più questo sono tra un'
    dat deze dit door een en haar heeft het hij hun ik je maar met naar niet nog om ook onze op te uit van voor wat
    worden wordt zich zij zijn zo
    """.split()
)
