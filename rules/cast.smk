# What belongs to a character.


rule portray:
    input:
        tickets,
    output:
        "build/cast/{character}/portray-{digest}.json",
    log:
        "build/cast/{character}/portray-{digest}.log",
    message:
        "Drawing {wildcards.character}"
    threads: 1
    priority: 10
    shell:
        'python "$TALKMILL_HOME/scripts/portray.py" {output:q} 2> {log:q}'
