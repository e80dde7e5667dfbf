# What moves.


rule lipsync:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/lipsync-{digest}.json",
    log:
        "build/{episode}/{lang}/lipsync-{digest}.log",
    message:
        "Moving the lips of {wildcards.episode} ({wildcards.lang})"
    threads: 1
    priority: 50
    shell:
        'python "$TALKMILL_HOME/scripts/lipsync.py" {output:q} 2> {log:q}'
