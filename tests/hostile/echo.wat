;; with: base describe transform
;; Does what it should.
