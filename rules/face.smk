# What moves.


rule lipsync:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/lipsync-{digest}.json",
    log:
        "build/{episode}/{lang}/lipsync-{digest}.log",
    priority: 50
    threads: cores
    resources:
        paid=paid,
    message:
        "Moving the lips of {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/lipsync.py" {output:q} 2> {log:q}'


rule restore:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/restore-{digest}.json",
    log:
        "build/{episode}/{lang}/restore-{digest}.log",
    priority: 50
    threads: 1
    message:
        "Restoring the mouths of {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/restore.py" {output:q} 2> {log:q}'
