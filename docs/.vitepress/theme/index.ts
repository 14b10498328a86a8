// The default theme, and two columns for code side by side.
import DefaultTheme from 'vitepress/theme'
import './patchbay.css'

export default DefaultTheme
