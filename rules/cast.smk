# What belongs to a character.


rule portray:
    input:
        tickets,
    output:
        "build/cast/{character}/portray-{digest}.json",
    log:
        "build/cast/{character}/portray-{digest}.log",
    priority: 10
    threads: 1
    message:
        "Drawing {wildcards.character}"
    shell:
        'python "$TALKMILL_HOME/scripts/portray.py" {output:q} 2> {log:q}'
