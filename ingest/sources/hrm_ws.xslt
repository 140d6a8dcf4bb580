<?xml version="1.0" encoding="UTF-8"?>
<!-- The people of an answer of hrm_ws: a line for each position, with the employment that it belongs to, and one for each
     employment without any; tabs between the fields. (Normalised space holds neither tab nor line feed.) The number of an
     organisation above the position's own comes last, the nearest first: of its employment, then of the company.
     Nothing below the root but a person has employments. The prefix h stands for the answer's own namespace, and is taken
     away where it has none. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:h="NAMESPACE">
  <xsl:output method="text" encoding="UTF-8"/>
  <xsl:param name="whole"/>  <!-- how many of the elements below the root have been read to their end -->

  <xsl:template match="/">
    <xsl:for-each select="/*/*[position() &lt;= $whole]/h:employments/h:employment">
      <xsl:variable name="person" select="../.."/>
      <xsl:variable name="company" select="h:company"/>
      <xsl:variable name="employee" select="concat(normalize-space(h:employeeId),
        '&#9;', normalize-space($person/h:ssn),
        '&#9;', normalize-space($person/h:givenName),
        '&#9;', normalize-space($person/h:familyName),
        '&#9;', normalize-space($person/h:contactInfo/h:email),
        '&#9;', normalize-space($company/h:companyId),
        '&#9;', normalize-space(h:endDate),
        '&#9;', normalize-space(h:businessNumber/@value),
        '&#9;', normalize-space($company/h:organizationNumber))"/>
      <xsl:for-each select="h:positions/h:position">
        <xsl:variable name="code" select="h:positionInfo/h:positionCode"/>
        <xsl:value-of select="concat(position() = 1, '&#9;', position(), '&#9;', $employee,
          '&#9;', normalize-space($code/@positionId),
          '&#9;', normalize-space($code/@positionCode),
          '&#9;', normalize-space($code/@name),
          '&#9;', normalize-space(h:positionStatistics/h:businessNumber/@value),
          '&#9;', normalize-space(h:positionPercentage),
          '&#9;', normalize-space(h:positionStartDate),
          '&#9;', normalize-space(@validFromDate),
          '&#9;', normalize-space(h:positionEndDate), '&#9;')"/>
        <xsl:for-each select="h:positionInfo/h:positionType">
          <xsl:value-of select="normalize-space(concat(@value, ' ', @name, ' ', .))"/>
        </xsl:for-each>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
      <xsl:if test="not(h:positions/h:position)">
        <xsl:value-of select="concat('true&#9;&#9;', $employee, '&#9;&#9;&#9;&#9;&#9;&#9;&#9;&#9;&#9;&#10;')"/>
      </xsl:if>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
