;; with: base describe
;; Does not export what the host would call.
