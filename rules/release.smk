# From picture, sound and words to what people get.


rule caption:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/caption-{digest}.json",
    log:
        "build/{episode}/{lang}/caption-{digest}.log",
    priority: 60
    threads: 1
    message:
        "Captioning {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/caption.py" {output:q} 2> {log:q}'


rule render:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/render-{digest}.json",
    log:
        "build/{episode}/{lang}/render-{digest}.log",
    priority: 70
    threads: 2
    message:
        "Rendering {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/render.py" {output:q} 2> {log:q}'


rule check:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/check-{digest}.json",
    log:
        "build/{episode}/{lang}/check-{digest}.log",
    priority: 80
    threads: 2
    message:
        "Checking {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/check.py" {output:q} 2> {log:q}'


rule deliver:
    input:
        finished,
    output:
        "out/{episode}/{lang}/manifest.json",
    log:
        "build/{episode}/{lang}/deliver.log",
    priority: 90
    localrule: True
    threads: 1
    params:
        release=release_ticket,
    message:
        "Delivering {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/deliver.py" {params.release:q} {output:q} 2> {log:q}'


rule file:
    input:
        "out/{episode}/{lang}/manifest.json",
    output:
        "out/{episode}/{lang}/{format}.mp4",
    log:
        "build/{episode}/{lang}/file-{format}.log",
    priority: 100
    localrule: True
    threads: 1
    message:
        "Copying {wildcards.format}.mp4 of {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/file.py" {input:q} {output:q} 2> {log:q}'
