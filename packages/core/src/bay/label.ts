/** Labels that say yes or no, as Magnum reads them. */
export const isOff = (value = ""): boolean => /^(?:false|no|off|0)$/i.test(value);
export const isOn = (value = ""): boolean => /^(?:true|yes|on|1)$/i.test(value);
