  (import "__wbindgen_placeholder__" "__wbindgen_describe" (func (param i32)))
